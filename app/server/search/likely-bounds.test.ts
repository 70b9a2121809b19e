import { expect, test } from "vitest";
import { likelyBounds } from "#app/server/search/likely-bounds.ts";

/** A hundred entries a second, from second 1,000 to second 2,000. */
const rowGroup = { tsStartNs: 1_000_000_000_000n, tsEndNs: 2_000_000_000_000n, rows: 100_000 };
const all = { fromMs: 0, fromSubMsNs: 0, toMs: 9_000_000, toSubMsNs: 0, behind: null };
const behind = { ms: 1_500_000, subMsNs: 0, id: "" };

test.each([
  ["the newest", { order: "desc" as const }, { fromMs: 1_960_000 }],
  ["the oldest", { order: "asc" as const }, { toMs: 1_040_001 }],
  ["those before an entry", { order: "desc" as const, behind }, { fromMs: 1_460_000 }],
  ["those after an entry", { order: "asc" as const, behind }, { toMs: 1_540_001 }],
  ["the newest before a time", { order: "desc" as const, toMs: 1_700_000 }, { fromMs: 1_660_000 }],
  ["the oldest from a time on", { order: "asc" as const, fromMs: 1_700_000 }, { toMs: 1_740_001 }],
])("a thousand entries, %s, are looked for in four times the time that they take", (_, asked, narrowed) => {
  expect(likelyBounds({ ...all, ...asked }, rowGroup, 1_000)).toEqual({ ...all, ...asked, ...narrowed });
});

test("where the bounds are as narrow, or most of the row group is wanted, nothing is narrowed", () => {
  expect(likelyBounds({ ...all, order: "desc", fromMs: 1_960_000 }, rowGroup, 1_000)).toBeNull();
  expect(likelyBounds({ ...all, order: "asc", toMs: 1_040_000 }, rowGroup, 1_000)).toBeNull();
  expect(likelyBounds({ ...all, order: "desc" }, rowGroup, 20_000)).toBeNull();
});
