import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildWhenStale } from "../../../scripts/build.mjs";
import { SERVER_ENV } from "../../../scripts/server-env.mjs";
import { temporaryDataDirectory } from "#tests/support/server.ts";

let dataDirectory: string;
beforeEach(async () => {
  await buildWhenStale();
  dataDirectory = await temporaryDataDirectory();
});
afterEach(() => rm(dataDirectory, { recursive: true, force: true }));

/** What a server that will not start writes, and its exit code. */
async function refusal(
  env: Record<string, string>,
  started = ["build/server/index.js"],
): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, started, {
    env: { PATH: process.env["PATH"], ...SERVER_ENV, PORT: "0", DATA_DIR: dataDirectory, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  await once(child, "close");
  return { exitCode: child.exitCode, output };
}

test("a variable that is wrong ends the start with one sentence", async () => {
  expect(await refusal({ PORT: "none" })).toEqual({
    exitCode: 1,
    output: 'cannot start: PORT must be a whole number from 0 to 65535, not "none"\n',
  });
});

test("a DATA_DIR that is a file ends the start with one sentence and no place in the code", async () => {
  const file = path.join(dataDirectory, "file");
  await writeFile(file, "");
  const { exitCode, output } = await refusal({ DATA_DIR: file });
  expect(exitCode).toBe(1);
  expect(output).toContain(`"cannot start: ${file} is no folder; set another DATA_DIR"`);
  expect(output).not.toContain("    at ");
});

test("a process whose port is taken is never ready for logs", async () => {
  const holder = createServer();
  holder.listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port } = holder.address() as AddressInfo;
  const { exitCode, output } = await refusal({ PORT: String(port) });
  holder.close();
  expect(exitCode).toBe(1);
  expect(output).toContain(`"cannot start: cannot listen on 127.0.0.1:${port} (EADDRINUSE); set another HOST or PORT"`);
  expect(output).not.toContain("    at ");
  expect(output).not.toContain("ready for logs");
});

test.each(["doctor", "reindex", "reset-password"])(
  "npm run %s says in one sentence what only the operator can mend",
  async (command) => {
    const started = ["--import", "tsx", `scripts/${command}.ts`, "ada@example.org"];
    expect(await refusal({ PORT: "none" }, started)).toEqual({
      exitCode: 1,
      output: 'cannot start: PORT must be a whole number from 0 to 65535, not "none"\n',
    });
    const file = path.join(dataDirectory, "file");
    await writeFile(file, "");
    const { exitCode, output } = await refusal({ DATA_DIR: file }, started);
    expect(exitCode).toBe(1);
    expect(output).toContain("is no folder; set another DATA_DIR");
    expect(output).not.toContain("    at ");
  },
);
