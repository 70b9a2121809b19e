import { expect, test } from "vitest";
import type { StoredBatch } from "#app/server/ingest/batch-catalog.ts";
import { OpenAhead } from "#app/server/search/open-ahead.ts";
import type { SourceReader } from "#app/server/search/source-reader.ts";

const batches = Array.from({ length: 40 }, (_, i) => ({ id: String(i) }) as StoredBatch);

/** How many objects have been asked for when each has its turn. */
async function openedAt(options: { isPruning: boolean; isAll: boolean }): Promise<number[]> {
  const asked: StoredBatch[] = [];
  const reader: Pick<SourceReader, "open"> = {
    open(batch) {
      asked.push(batch);
      return Promise.resolve({ failed: "missing", error: batch });
    },
  };
  const opener = new OpenAhead(reader, batches, options);
  const counts: number[] = [];
  for (const batch of batches) {
    expect(await opener.open(batch)).toMatchObject({ error: batch });
    counts.push(asked.length);
  }
  expect(asked).toEqual(batches);
  return counts;
}

test("where every object is asked for a word, many are opened at once from the first on", async () => {
  expect((await openedAt({ isPruning: true, isAll: true })).slice(0, 3)).toEqual([16, 17, 18]);
});

test("a page begins with one object and soon opens many, since those before had nothing for it", async () => {
  expect((await openedAt({ isPruning: true, isAll: false })).slice(0, 4)).toEqual([1, 5, 18, 19]);
});

test("what has to be read in any case is opened when its turn comes", async () => {
  expect((await openedAt({ isPruning: false, isAll: true })).slice(0, 3)).toEqual([1, 2, 3]);
});
