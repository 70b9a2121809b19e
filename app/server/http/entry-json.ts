import type { Match } from "#app/server/search/page-selection.ts";

type AnsweredMatch = Pick<Match, "line" | "id" | "batch" | "key">;

/** entryJson is a match as every answer shows it: its canonical line with `ref` behind. */
export function entryJson(match: AnsweredMatch): Buffer {
  return Buffer.concat(entryPieces(match));
}

/** entryPieces are the same in pieces, for those who put more around it: a line may be large, and every copy costs. */
export function entryPieces({ line, id, batch, key }: AnsweredMatch): [line: Buffer, ref: Buffer] {
  return [line.subarray(0, -1), Buffer.from(`,"ref":${JSON.stringify({ id, batch, key })}}`)];
}
