import fc from "fast-check";
import { expect, test } from "vitest";
import { EVERYTHING } from "#app/core/query/predicate.ts";
import { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { copyFreshLines } from "#app/server/search/fresh-lines.ts";
import { comparePositions, PageSelection, type Match } from "#app/server/search/page-selection.ts";
import { scanPiece } from "#app/server/search/scan-piece.ts";
import type { PageFound } from "#app/server/search/scan-work.ts";

const WAL_ID = "018f0000-0000-7000-8000-000000000000";
const ALL_TIME = { fromMs: 0, fromSubMsNs: 0, toMs: 1e12, toSubMsNs: 0, behind: null };

function partOf(sequence: number, entries: { ms: number; size: number }[]) {
  const builder = new EntryBlockBuilder(256);
  for (const { ms, size } of entries) {
    const fields = { service: "s", level: "info", levelOriginal: null, message: "m".repeat(size), tags: [] } as const;
    builder.add({ timestamp: { ms, subMsNs: 0 }, ...fields });
  }
  return { block: builder.build(), sequence, from: 0, to: entries.length };
}

/** As a page does it: what the pieces' selections keep is put together. */
function selectByPieces(selection: PageSelection, order: "asc" | "desc", pieces: ReturnType<typeof partOf>[]): Match[] {
  for (const part of pieces) {
    const found = scanPiece({
      work: {
        kind: "page",
        query: { id: 1, predicate: EVERYTHING },
        bounds: { ...ALL_TIME, order },
        selection: structuredClone(selection.state()),
      },
      lines: structuredClone(copyFreshLines(WAL_ID, [part])),
    }) as PageFound;
    let start = 0;
    const matches = found.matches.map((match, i): Match => {
      const line = Buffer.from(found.lines.subarray(start, found.lineEnds[i]));
      start = found.lineEnds[i] as number;
      return { ...match, line, batch: null, key: null };
    });
    selection.merge(matches, found.state);
  }
  return selection.takeBefore(null);
}

test("a page made of what pieces keep is a beginning of all matches in order, within its limits", () => {
  const entries = fc.array(fc.record({ ms: fc.nat(8), size: fc.nat(60) }), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(entries, { maxLength: 6 }),
      fc.constantFrom("asc" as const, "desc" as const),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 100, max: 2_000 }),
      (given, order, maxEntries, maxBytes) => {
        const pieces = given.map((one, sequence) => partOf(sequence, one));
        const everything = new PageSelection({ order, maxEntries: 1_000, maxBytes: 1e9 });
        const all = selectByPieces(everything, order, pieces);
        expect(all).toHaveLength(given.flat().length);
        expect(all).toEqual(all.toSorted((a, b) => comparePositions(a, b) * (order === "asc" ? 1 : -1)));

        const selection = new PageSelection({ order, maxEntries, maxBytes });
        const taken = selectByPieces(selection, order, pieces);
        expect(taken).toEqual(all.slice(0, taken.length));
        expect(selection.hasMore).toBe(taken.length < all.length);
        expect(taken.length).toBeLessThanOrEqual(maxEntries);
        if (all.length > 0) expect(taken.length).toBeGreaterThan(0);
        if (taken.length > 1)
          expect(taken.reduce((sum, { line }) => sum + line.length, 0)).toBeLessThanOrEqual(maxBytes);
      },
    ),
    { numRuns: 1_000 },
  );
});
