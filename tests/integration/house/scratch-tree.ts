import { mkdir, mkdtemp, rm, symlink, writeFile, copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export interface ScratchTree {
  directory: string;
  remove(): Promise<void>;
}

/** scratchTree is a small repository with our own configuration, the same packages and the given files. */
export async function scratchTree(files: Record<string, string>, configs: string[]): Promise<ScratchTree> {
  const directory = await mkdtemp(path.join(tmpdir(), "akavelog-house-"));
  await symlink(path.resolve("node_modules"), path.join(directory, "node_modules"));
  for (const config of ["package.json", "tsconfig.json", ...configs]) {
    await copyFile(config, path.join(directory, config));
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, name)), { recursive: true });
    await writeFile(path.join(directory, name), text);
  }
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}
