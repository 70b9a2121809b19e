import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "#tests/e2e/fixtures.ts";

const run = promisify(execFile);

test("the three commands of the first page do what it says, as they stand there", async ({ page, server }) => {
  await page.goto("/");
  const commands = await page.locator("pre code").allTextContents();
  expect(commands).toHaveLength(3);
  // The page speaks of the folder the server was started from, with the data below it.
  const folder = await mkdtemp(path.join(tmpdir(), "akavelog-first-steps-"));
  await symlink(server.dataDirectory, path.join(folder, "data"));
  async function shell(command: string | undefined, key = ""): Promise<string> {
    const { stdout } = await run("sh", ["-c", command ?? ""], { cwd: folder, env: { ...process.env, KEY: key } });
    return stdout;
  }
  try {
    const created = JSON.parse(await shell(commands[0])) as { apiKey: { key: string } };
    expect(created.apiKey.key).toMatch(/^akl_/);
    const sent = JSON.parse(await shell(commands[1], created.apiKey.key)) as { accepted: number; batches: string[] };
    expect(sent.accepted).toBe(1);
    expect(sent.batches).toHaveLength(1);
    const lines = (await shell(commands[2], created.apiKey.key)).trim().split("\n");
    const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(found[0]).toMatchObject({ entry: { service: "web", level: "info", message: "hello" } });
    expect(found.at(-1)).toMatchObject({ end: { complete: true, matched: 1 } });
  } finally {
    await rm(folder, { recursive: true });
  }
});
