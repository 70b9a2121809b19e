import type { Match } from "#app/server/search/page-selection.ts";

/** entryJson is a match as every answer shows it: its canonical line with `ref` behind. */
export function entryJson({ line, id, batch, key }: Pick<Match, "line" | "id" | "batch" | "key">): Buffer {
  return Buffer.concat([line.subarray(0, -1), Buffer.from(`,"ref":${JSON.stringify({ id, batch, key })}}`)]);
}
