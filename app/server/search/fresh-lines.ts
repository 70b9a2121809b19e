import type { BatchPart } from "#app/server/ingest/tier0-input.ts";

/** FreshLines are canonical lines that no object has yet, in memory that can be handed to another thread. */
export interface FreshLines {
  kind: "fresh";
  walId: string;
  count: number;
  bytes: Uint8Array<ArrayBuffer>;
  /** Of line i: the offset behind its LF, its time, and which entry of which request it is. */
  ends: Uint32Array<ArrayBuffer>;
  ms: Float64Array<ArrayBuffer>;
  subMsNs: Uint32Array<ArrayBuffer>;
  sequences: Float64Array<ArrayBuffer>;
  indexes: Uint32Array<ArrayBuffer>;
}

/** copyFreshLines copies the entries of some parts. */
export function copyFreshLines(walId: string, parts: readonly BatchPart[]): FreshLines {
  let count = 0;
  let size = 0;
  for (const { block, from, to } of parts) {
    count += to - from;
    size += endOf(block, to) - endOf(block, from);
  }
  const copy: FreshLines = {
    kind: "fresh",
    walId,
    count,
    bytes: new Uint8Array(size),
    ends: new Uint32Array(count),
    ms: new Float64Array(count),
    subMsNs: new Uint32Array(count),
    sequences: new Float64Array(count),
    indexes: new Uint32Array(count),
  };
  let at = 0;
  let line = 0;
  for (const { block, sequence, from, to } of parts) {
    const start = endOf(block, from);
    copy.bytes.set(block.bytes.subarray(start, endOf(block, to)), at);
    copy.ms.set(block.ms.subarray(from, to), line);
    copy.subMsNs.set(block.subMsNs.subarray(from, to), line);
    for (let i = from; i < to; i++) {
      copy.ends[line] = endOf(block, i + 1) - start + at;
      copy.sequences[line] = sequence;
      copy.indexes[line++] = i;
    }
    at += endOf(block, to) - start;
  }
  return copy;
}

/** Where the first `lines` lines of a block end. */
function endOf({ ends }: BatchPart["block"], lines: number): number {
  return lines === 0 ? 0 : (ends[lines - 1] as number);
}
