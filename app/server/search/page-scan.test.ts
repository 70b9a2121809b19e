import { expect, test } from "vitest";
import { formatEntryId } from "#app/core/entry.ts";
import { EVERYTHING } from "#app/core/query/predicate.ts";
import { PageScan } from "#app/server/search/page-scan.ts";
import { PageSelection } from "#app/server/search/page-selection.ts";
import type { PageSource } from "#app/server/search/page-sources.ts";
import type { SortedLines } from "#app/server/search/sorted-lines.ts";
import type { QuerySourceOptions, SourceOutcome, SourceReader } from "#app/server/search/source-reader.ts";

const WAL_ID = "018f0000-0000-7000-8000-000000000000";
const HOUR_NS = 3_600_000_000_000n;

/** A row group of an hour, of which no more is asked than where it lies. */
const SOURCE = {
  kind: "rowGroup",
  batch: { id: "b" },
  object: { batch: { id: "b", objectKey: "k" }, description: { promotedKeys: [] } },
  rowGroup: { rows: 1_000, rawBytes: 100_000, maxEntryBytes: 100, firstRow: 0, tsStartNs: 0n, tsEndNs: HOUR_NS },
} as unknown as PageSource;

function storedLine(index: number): string {
  const id = formatEntryId(WAL_ID, 1, index);
  return `{"id":"${id}","timestamp":"1970-01-01T00:00:0${9 - index}.000Z","service":"s","level":"info","message":"m","tags":{}}\n`;
}

/** A round of a page that has room for one more entry of the hour. */
function round() {
  const selection = new PageSelection({ order: "desc", maxEntries: 1, maxBytes: 1e6 });
  const bounds = { fromMs: 0, fromSubMsNs: 0, toMs: 3_600_000, toSubMsNs: 0, order: "desc", behind: null } as const;
  return { bounds, selection };
}

test("a file of sorted lines that comes after the page was left is closed as well", async () => {
  let finish: (outcome: SourceOutcome<SortedLines>) => void = () => undefined;
  const sorting = new Promise<SourceOutcome<SortedLines>>((resolve) => (finish = resolve));
  const reader = {
    lines: () => Promise.resolve({ found: Buffer.from(storedLine(0) + storedLine(1)) }),
    sortedLines: () => sorting,
  } as unknown as SourceReader;
  const scanner = { query: () => ({ id: 1, predicate: EVERYTHING }) };
  const scan = new PageScan(
    reader,
    { scanner } as unknown as QuerySourceOptions,
    { projectId: "p", predicate: EVERYTHING },
    new AbortController().signal,
  );
  await scan.scan(SOURCE, round());
  const again = scan.scan(SOURCE, round());
  await scan.close();
  let closed = 0;
  const lines: SortedLines = {
    count: 1,
    next: () => Promise.resolve({ lines: Buffer.from(storedLine(2)), isLast: true }),
    close: async () => void (closed += 1),
  };
  finish({ found: lines });
  await again;
  expect(closed).toBe(1);
});
