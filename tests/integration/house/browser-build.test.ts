import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { scratchTree, type ScratchTree } from "#tests/integration/house/scratch-tree.ts";

const run = promisify(execFile);

const APP = {
  "server.ts": `import * as build from "virtual:remix/server-build"; console.log(build);`,
  "app/root.tsx": `import { Outlet } from "@remix-run/react"; export default function App() { return <Outlet />; }`,
  "app/entry.client.tsx": `import { RemixBrowser } from "@remix-run/react"; console.log(RemixBrowser);`,
  "app/entry.server.tsx": `export default function handle() { return new Response(); }`,
  "app/server/secret.ts": `export const secret = () => "planted-secret";`,
  "app/routes/_index.tsx": `
    import { secret } from "#app/server/secret.ts";
    import { Badge } from "#app/components/badge.tsx";
    export function loader() { return { length: secret().length }; }
    export default function Index() { return <Badge />; }`,
};

let tree: ScratchTree;
afterEach(() => tree.remove());

async function build(badge: string): Promise<string> {
  const files = { ...APP, "app/components/badge.tsx": badge };
  tree = await scratchTree(files, ["vite.config.ts", "remix.config.js"]);
  const cli = path.resolve("node_modules/@remix-run/dev/dist/cli.js");
  const env = { ...process.env, NODE_ENV: "production" };
  const { stdout, stderr } = await run(process.execPath, [cli, "vite:build"], { cwd: tree.directory, env });
  return stdout + stderr;
}

describe("the browser build", () => {
  test("fails when a component imports app/server, and names both files", async () => {
    const failed = build(`
      import { secret } from "#app/server/secret.ts";
      export const Badge = () => <b>{secret()}</b>;`);
    await expect(failed).rejects.toThrow(/app\/server\/secret\.ts[\s\S]*app\/components\/badge\.tsx/);
  });

  test("holds nothing of the server when only a loader imports it", async () => {
    await build(`export const Badge = () => <b>badge</b>;`);
    const assets = path.join(tree.directory, "build/client/assets");
    const scripts = await Promise.all((await readdir(assets)).map((name) => readFile(path.join(assets, name), "utf8")));
    expect(scripts.join("")).toContain("badge");
    expect(scripts.join("")).not.toContain("planted-secret");
    expect(await readFile(path.join(tree.directory, "build/server/index.js"), "utf8")).toContain("planted-secret");
  });
});
