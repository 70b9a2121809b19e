import { expect, it } from "vitest";
import { ObjectNotFoundError } from "#app/server/o3/object-store.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";
import { SparseFiles } from "#app/server/search/sparse-files.ts";
import { Tier1Objects, type Tier1Object } from "#app/server/search/tier1-objects.ts";
import { createOutsideWorld, emptyOutside } from "#tests/support/crash-fakes.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

const KEY = "v1/p/object.parquet";
const BYTES = Buffer.from("the tail of an object");
const DIRECTORY = "/data/cache-tier1";

async function object(): Promise<Tier1Object> {
  const sha256 = await sha256Of(BYTES);
  const batch = { objectKey: KEY, sha256, bytes: BYTES.length, tailStart: 0, tailSha256: sha256 };
  return { batch } as Tier1Object;
}

async function failureOf(removed: "the copy" | "the object"): Promise<unknown> {
  const fileSystem = new MemoryFileSystem();
  const { store } = createOutsideWorld({ ...emptyOutside(), objects: new Map([[KEY, BYTES]]) }, () => undefined);
  const copies = new SparseFiles({ fileSystem, directory: DIRECTORY, maxBytes: 1 });
  await copies.open();
  const handle = await fileSystem.open(`${DIRECTORY}/own`, "create");
  await handle.write(BYTES, 0);
  const files = removed === "the copy" ? copies : () => `${DIRECTORY}/own`;
  const objects = new Tier1Objects({ store, fileSystem, files });
  return await objects
    .use(await object(), [], new AbortController().signal, async (path) => {
      await fileSystem.remove(path);
      throw new Error("the engine found no file");
    })
    .catch((error: unknown) => error);
}

it("an object whose file goes while it is read is missing; one whose copy goes is not", async () => {
  expect(await failureOf("the object")).toBeInstanceOf(ObjectNotFoundError);
  expect(await failureOf("the copy")).toEqual(new Error("the engine found no file"));
});
