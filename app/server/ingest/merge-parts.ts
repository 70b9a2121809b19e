import { BLOCK_COLUMNS_ENTRY_BYTES, createBlockColumns } from "#app/server/ingest/block-columns.ts";
import type { BatchPart, Tier0Input } from "#app/server/ingest/build-tier0.ts";
import type { EntryBlock } from "#app/server/ingest/entry-block.ts";

/** SealableBatch is a batch that takes no more entries and has its number. */
export interface SealableBatch {
  projectId: string;
  walId: string;
  batchNo: number;
  /** In the order of the WAL. */
  parts: readonly BatchPart[];
}

/**
 * mergeParts copies the entries of a batch into one piece of memory, `spare` if that is large enough. The parts are views
 * of requests, which searches go on reading, and posting a view to another thread would copy the whole buffer behind it.
 */
export function mergeParts({ parts, ...batch }: SealableBatch, spare: ArrayBuffer | null = null): Tier0Input {
  const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const lineBytes = parts.reduce((sum, part) => sum + endOf(part) - startOf(part), 0);
  const columnBytes = count * BLOCK_COLUMNS_ENTRY_BYTES;
  const memory =
    spare !== null && spare.byteLength >= columnBytes + lineBytes ? spare : new ArrayBuffer(columnBytes + lineBytes);
  const merged: EntryBlock = {
    ...createBlockColumns(count, memory),
    count,
    bytes: Buffer.from(memory, columnBytes, lineBytes),
    services: [],
    maxLineBytes: Math.max(0, ...parts.map((part) => part.block.maxLineBytes)),
  };
  const serviceIndexes = new Map<string, number>();
  let at = 0;
  let bytesAt = 0;
  for (const part of parts) {
    const { block, from, to } = part;
    const start = startOf(part);
    const shift = bytesAt - start;
    block.bytes.copy(merged.bytes, bytesAt, start, endOf(part));
    merged.ms.set(block.ms.subarray(from, to), at);
    merged.subMsNs.set(block.subMsNs.subarray(from, to), at);
    merged.levelOf.set(block.levelOf.subarray(from, to), at);
    const serviceOf = new Int32Array(block.services.length).fill(-1);
    for (let i = from; i < to; i++, at++) {
      const service = block.serviceOf[i] as number;
      if (serviceOf[service] === -1) serviceOf[service] = indexOfService(block.services[service] as string);
      merged.serviceOf[at] = serviceOf[service] as number;
      merged.ends[at] = (block.ends[i] as number) + shift;
      merged.tagsStart[at] = (block.tagsStart[i] as number) + shift;
    }
    bytesAt += endOf(part) - start;
  }
  const runs = parts.map(({ sequence, from, to }) => ({ sequence, from, count: to - from }));
  return { ...batch, block: merged, runs };

  function indexOfService(service: string): number {
    let index = serviceIndexes.get(service);
    if (index === undefined) {
      index = merged.services.push(service) - 1;
      serviceIndexes.set(service, index);
    }
    return index;
  }
}

function startOf({ block, from }: BatchPart): number {
  return from === 0 ? 0 : (block.ends[from - 1] as number);
}

function endOf({ block, to }: BatchPart): number {
  return to === 0 ? 0 : (block.ends[to - 1] as number);
}
