/** Rebuilds and restarts the server after every change below `app`, `public` or in `server.ts`. */
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWhenStale } from "./build.mjs";
import { SERVER_ENV } from "./server-env.mjs";

/** Editors save in several steps. */
const SETTLE_MS = 150;

let server;
let changed = true;
let wake = () => undefined;

for (const source of ["app", "public", "server.ts"]) {
  watch(source, { recursive: source !== "server.ts" }, () => {
    changed = true;
    wake();
  });
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void stopServer().then(() => process.exit(0)));
}

for (;;) {
  if (!changed) await new Promise((resolve) => (wake = resolve));
  await sleep(SETTLE_MS);
  changed = false;
  try {
    await buildWhenStale();
  } catch {
    // The compiler has told what is wrong; the server that runs goes on until it is put right.
    continue;
  }
  await stopServer();
  server = spawn(process.execPath, ["build/server/index.js"], {
    stdio: "inherit",
    env: { ...process.env, ...SERVER_ENV },
  });
}

async function stopServer() {
  if (!server || server.exitCode !== null) return;
  const exited = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGTERM");
  await exited;
}
