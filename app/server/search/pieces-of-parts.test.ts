import { expect, test } from "vitest";
import { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import type { BatchPart } from "#app/server/ingest/tier0-input.ts";
import { piecesOfParts } from "#app/server/search/pieces-of-parts.ts";

function partOf(sequence: number, messageBytes: number[], from = 0): BatchPart {
  const builder = new EntryBlockBuilder(256);
  for (const bytes of messageBytes) {
    const timestamp = { ms: 1, subMsNs: 0 };
    const message = "m".repeat(bytes);
    builder.add({ timestamp, service: "s", level: "info", levelOriginal: null, message, tags: [] });
  }
  return { block: builder.build(), sequence, from, to: messageBytes.length };
}

function piecesOf(parts: BatchPart[]): [sequence: number, from: number, to: number][][] {
  return [...piecesOfParts(parts)].map((piece) => piece.map(({ sequence, from, to }) => [sequence, from, to]));
}

test("many parts of one line are one piece of work, and a part of many lines is several", () => {
  const single = Array.from({ length: 300 }, (_, sequence) => partOf(sequence, [10]));
  expect(piecesOf(single)).toHaveLength(1);
  const many = partOf(
    7,
    Array.from({ length: 12_000 }, () => 1),
    1_000,
  );
  expect(piecesOf([many])).toEqual([[[7, 1_000, 6_000]], [[7, 6_000, 11_000]], [[7, 11_000, 12_000]]]);
});

test("a piece is small in bytes as well, and every line is in one of them", () => {
  const MiB = 1024 * 1024;
  expect(piecesOf([partOf(1, [10, 10]), partOf(2, [10, MiB, MiB / 2, 10, MiB / 2])])).toEqual([
    [
      [1, 0, 2],
      [2, 0, 1],
    ],
    [[2, 1, 2]],
    [[2, 2, 4]],
    [[2, 4, 5]],
  ]);
  expect(piecesOf([])).toEqual([]);
});
