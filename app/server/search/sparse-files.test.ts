import { describe, expect, it } from "vitest";
import { SparseFiles } from "#app/server/search/sparse-files.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

const DIRECTORY = "/data/cache-tier1";
const [FIRST, SECOND] = ["a".repeat(64), "b".repeat(64)] as const;
const BYTES = Buffer.from("some bytes");

/** A disk that removes nothing before it is told to. */
class SlowDisk extends MemoryFileSystem {
  letRemove: () => void = () => undefined;
  readonly #mayRemove = new Promise<void>((resolve) => (this.letRemove = resolve));

  override async remove(filePath: string): Promise<void> {
    await this.#mayRemove;
    await super.remove(filePath);
  }
}

async function openFiles(fileSystem: MemoryFileSystem): Promise<SparseFiles> {
  const files = new SparseFiles({ fileSystem, directory: DIRECTORY, maxBytes: 1 });
  await files.open();
  return files;
}

async function hold(files: SparseFiles, name: string): Promise<void> {
  const { release } = await files.pin(name, BYTES.length);
  await files.write(name, BYTES, 0);
  release();
}

describe("a sparse file that somebody reads", () => {
  it("is not removed, also when its removal had begun before it was asked for", async () => {
    const disk = new SlowDisk();
    const files = await openFiles(disk);
    await hold(files, FIRST);
    const pinning = files.pin(FIRST, BYTES.length);
    disk.letRemove();
    const pinned = await pinning;
    await files.write(FIRST, BYTES, 0);
    expect(pinned.isEmpty).toBe(true);
    expect(await disk.readFile(pinned.path)).toEqual(BYTES);
  });

  it("stays when the whole object takes its place, and goes when nobody reads it any more", async () => {
    const disk = new MemoryFileSystem();
    const files = await openFiles(disk);
    const pinned = await files.pin(FIRST, BYTES.length);
    await files.write(FIRST, BYTES.subarray(0, 4), 0);
    const built = await disk.open("/data/built", "create");
    await built.write(BYTES, 0);
    await files.adopt(FIRST, "/data/built", BYTES.length);
    await hold(files, SECOND);
    expect(await disk.readFile(pinned.path)).toEqual(BYTES);
    pinned.release();
    await files.pin(SECOND, BYTES.length);
    expect(await disk.list(DIRECTORY)).toEqual([SECOND]);
    expect(files.figures.bytes).toBe(0);
  });
});
