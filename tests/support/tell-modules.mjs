/** Loaded into a server with `--import`: at its end it writes the files of the CommonJS packages that it has loaded. */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const { cache } = createRequire(import.meta.url);

process.on("exit", () =>
  writeFileSync(`${process.env.TELL_MODULES_FILE}.${process.pid}`, Object.keys(cache).join("\n")),
);
