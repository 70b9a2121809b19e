import { BLOCK_COLUMNS_ENTRY_BYTES, appendBlockColumns, createBlockColumns } from "#app/server/ingest/block-columns.ts";
import type { BatchPart, EntryRun, Tier0Input } from "#app/server/ingest/tier0-input.ts";

/** SealableBatch is a batch that takes no more entries and has its number. */
export interface SealableBatch {
  projectId: string;
  walId: string;
  batchNo: number;
  /** The latest receipt of an entry inside. */
  receivedAtMs: number;
  /** In the order of the WAL. */
  parts: readonly BatchPart[];
}

/**
 * mergeParts copies the entries of a batch into one piece of memory, `spare` if that is large enough. The parts are views
 * of requests, which searches go on reading, and posting a view to another thread would copy the whole buffer behind it.
 */
export function mergeParts({ parts, ...batch }: SealableBatch, spare: ArrayBuffer | null = null): Tier0Input {
  const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const lineBytes = parts.reduce((sum, part) => sum + linesEnd(part) - linesStart(part), 0);
  const columnBytes = count * BLOCK_COLUMNS_ENTRY_BYTES;
  const isSpareEnough = spare !== null && spare.byteLength >= columnBytes + lineBytes;
  const memory = isSpareEnough ? spare : new ArrayBuffer(columnBytes + lineBytes);
  const columns = createBlockColumns(count, memory);
  const lines = Buffer.from(memory, columnBytes, lineBytes);
  const runs: EntryRun[] = [];
  const numbers = new Map<string, number>();
  let at = 0;
  let linesAt = 0;
  for (const part of parts) {
    const { block, sequence, from, to } = part;
    block.bytes.copy(lines, linesAt, linesStart(part), linesEnd(part));
    appendBlockColumns(block, from, to, columns, at);
    runs.push({
      sequence,
      from,
      count: to - from,
      shift: linesAt - linesStart(part),
      serviceNumbers: Uint32Array.from(block.services, numberOf),
    });
    at += to - from;
    linesAt += linesEnd(part) - linesStart(part);
  }
  return {
    ...batch,
    memory,
    count,
    lineBytes,
    maxLineBytes: Math.max(0, ...parts.map((part) => part.block.maxLineBytes)),
    services: [...numbers.keys()],
    runs,
  };

  function numberOf(service: string): number {
    let number = numbers.get(service);
    if (number === undefined) numbers.set(service, (number = numbers.size));
    return number;
  }
}

function linesStart({ block, from }: BatchPart): number {
  return from === 0 ? 0 : (block.ends[from - 1] as number);
}

function linesEnd({ block, to }: BatchPart): number {
  return to === 0 ? 0 : (block.ends[to - 1] as number);
}
