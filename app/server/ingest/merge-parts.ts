import type { BatchPart, EntryRun } from "#app/server/ingest/build-tier0.ts";
import type { EntryBlock } from "#app/server/ingest/entry-block.ts";

/**
 * mergeParts copies the entries of a batch into one block of its own memory. The parts are views of requests, which searches
 * go on reading, and posting a view to another thread would copy the whole buffer behind it.
 */
export function mergeParts(parts: readonly BatchPart[]): { block: EntryBlock; runs: EntryRun[] } {
  const count = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + endOf(part) - startOf(part), 0));
  const merged: EntryBlock = {
    count,
    bytes,
    ends: new Uint32Array(count),
    ms: new Float64Array(count),
    subMsNs: new Uint32Array(count),
    services: [],
    serviceOf: new Uint32Array(count),
    levelOf: new Uint8Array(count),
    tagsStart: new Uint32Array(count),
    maxLineBytes: Math.max(0, ...parts.map((part) => part.block.maxLineBytes)),
  };
  const serviceIndexes = new Map<string, number>();
  let at = 0;
  let bytesAt = 0;
  for (const part of parts) {
    const { block, from, to } = part;
    const start = startOf(part);
    const shift = bytesAt - start;
    block.bytes.copy(bytes, bytesAt, start, endOf(part));
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
  return { block: merged, runs: parts.map(({ sequence, from, to }) => ({ sequence, from, count: to - from })) };

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
