import type { BatchPart } from "#app/server/ingest/tier0-input.ts";

/** What is looked through before other work gets its turn: some milliseconds of it. */
const MAX_LINES = 5_000;
const MAX_BYTES = 1024 * 1024;

/**
 * piecesOfParts divides the entries of parts into pieces of work. A piece has a part of many entries in some, and of parts
 * with a few entries each, as senders of single lines make them, many at once; a line larger than a piece is one by itself.
 */
export function* piecesOfParts(parts: readonly BatchPart[]): Generator<BatchPart[]> {
  let piece: BatchPart[] = [];
  let lines = 0;
  let bytes = 0;
  for (const part of parts) {
    const { ends } = part.block;
    let from = part.from;
    for (let i = from; i < part.to; i++) {
      const lineBytes = (ends[i] as number) - (i === 0 ? 0 : (ends[i - 1] as number));
      if (lines > 0 && (lines === MAX_LINES || bytes + lineBytes > MAX_BYTES)) {
        if (i > from) piece.push({ ...part, from, to: i });
        yield piece;
        piece = [];
        lines = 0;
        bytes = 0;
        from = i;
      }
      lines++;
      bytes += lineBytes;
    }
    if (from < part.to) piece.push({ ...part, from });
  }
  if (piece.length > 0) yield piece;
}
