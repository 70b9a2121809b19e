import { expect, test } from "vitest";
import { ObjectStoreError, type ObjectStore } from "#app/server/o3/object-store.ts";
import type { RetentionCatalog } from "#app/server/retention/retention-catalog.ts";
import { sweepObjects } from "#app/server/retention/sweep-objects.ts";
import { silentLogger } from "#app/server/system/logger.ts";

const PROJECT = "00000000-0000-4000-8000-00000000000a";

function keyOf(batchNo: number): string {
  return `v1/${PROJECT}/2026/01/15/12/00000000-0000-7000-8000-000000000001-${batchNo}-0123456789abcdef.ndjson.zst`;
}

/** A bucket of objects that no row names and whose batches the ledger has. */
function orphans(keys: string[], refusals: Record<string, ObjectStoreError>) {
  const bucket = new Set(keys);
  const store = {
    async *list() {
      for (const key of bucket) yield await Promise.resolve({ key, sizeBytes: 1 });
    },
    async delete(key: string) {
      await Promise.resolve();
      if (refusals[key] !== undefined) throw refusals[key];
      bucket.delete(key);
    },
  } as unknown as ObjectStore;
  const catalog = {
    findOrphans: (objects: readonly { key: string }[]) =>
      Promise.resolve(
        objects
          .filter(({ key }) => bucket.has(key))
          .map(({ key }) => ({ key, isInLedger: true, coveredBy: [] as string[] })),
      ),
  } as unknown as RetentionCatalog;
  const sweep = () => sweepObjects({ catalog, store, logger: silentLogger }, new AbortController().signal);
  return { bucket, sweep };
}

test("an orphan that the store keeps locked is reported, does not keep the sweep from others, and goes once it may", async () => {
  const locked = keyOf(1);
  const refusals = {
    [locked]: new ObjectStoreError("delete", locked, "it is locked", { retryable: false, code: "OBJECT_LOCKED" }),
  };
  const { bucket, sweep } = orphans([keyOf(0), locked, keyOf(2)], refusals);
  const swept = await sweep();
  expect([swept.looked, swept.deleted]).toEqual([3, [keyOf(0), keyOf(2)]]);
  expect(swept.kept).toEqual([{ key: locked, reason: expect.stringContaining("it is locked") as string }]);
  expect([...bucket]).toEqual([locked]);

  delete refusals[locked];
  expect((await sweep()).deleted).toEqual([locked]);
  expect(bucket.size).toBe(0);
});

test("a store that is away ends the sweep, which begins again later", async () => {
  const away = new ObjectStoreError("delete", keyOf(0), "it is away", { retryable: true });
  const { bucket, sweep } = orphans([keyOf(0), keyOf(1)], { [keyOf(0)]: away });
  await expect(sweep()).rejects.toBe(away);
  expect(bucket.size).toBe(2);
});
