import { createTimestampReader } from "#app/server/ingest/canonical-line.ts";
import { comparePositions, type Position } from "#app/server/search/page-selection.ts";
import { LF, positionAt } from "#app/server/search/stored-line.ts";
import type { FileHandle, FileSystem } from "#app/server/system/file-system.ts";

/** Somewhat more than a round of a page holds. */
const PIECE_BYTES = 320 * 1024;

/** SortedLines are stored lines in the order of a page, in a file that goes when it is closed. */
export interface SortedLines {
  count: number;
  /**
   * The next lines behind this position, as many as a round takes, and whether they are the last. What lies before is never
   * asked again.
   */
  next(behind: Position | null, order: "asc" | "desc"): Promise<{ lines: Buffer; isLast: boolean }>;
  close(): Promise<void>;
}

export async function openSortedLines(fileSystem: FileSystem, filePath: string, count: number): Promise<SortedLines> {
  const handle = await fileSystem.open(filePath, "read");
  // A file without a name is gone with the process, however that ends.
  await fileSystem.remove(filePath);
  const sizeBytes = await handle.sizeBytes();
  const timestamp = createTimestampReader();
  let start = 0;
  return {
    count,
    async next(behind, order) {
      for (;;) {
        const lines = await readWholeLines(handle, start, sizeBytes);
        let skipped = 0;
        while (
          skipped < lines.length &&
          behind !== null &&
          !isBehind(positionAt(lines, skipped, timestamp), behind, order)
        )
          skipped = lines.indexOf(LF, skipped) + 1;
        const isLast = start + lines.length === sizeBytes;
        start += skipped;
        if (skipped < lines.length || isLast) return { lines: lines.subarray(skipped), isLast };
      }
    },
    close: () => handle.close(),
  };
}

/** At least two lines, if there are so many. */
async function readWholeLines(handle: FileHandle, start: number, sizeBytes: number): Promise<Buffer> {
  for (let bytes = PIECE_BYTES; ; bytes *= 2) {
    const piece = Buffer.allocUnsafe(Math.min(bytes, sizeBytes - start));
    await handle.read(piece, start);
    if (start + piece.length === sizeBytes) return piece;
    const end = piece.lastIndexOf(LF) + 1;
    if (end > 0 && piece.indexOf(LF) + 1 < end) return piece.subarray(0, end);
  }
}

function isBehind(position: Position, behind: Position, order: "asc" | "desc"): boolean {
  const difference = comparePositions(position, behind);
  return order === "asc" ? difference > 0 : difference < 0;
}
