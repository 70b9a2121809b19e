import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/tier0-batch.ts";
import { STORED_ID_START } from "#app/server/ingest/tier0-format.ts";

/** A stored line is its id, with what stands around it, and then a line as it is in the WAL without its brace. */
export const LINE_AT = STORED_ID_BYTES + 1;
const ID_AT = STORED_ID_START.length;
const ID_END = LINE_AT - 2;

/** LineBlock is some hundred lines of an object that is merged. */
export interface LineBlock {
  entries: number;
  rawBytes: number;
  /** Of its first and its last entry in time. */
  minMs: number;
  maxMs: number;
  /** Writes the lines, of which there are `rawBytes`. */
  read: (target: Buffer) => void;
}

/** BlockLines are a block's lines, with the time and size of each. They are the kernel's memory until its next use. */
export interface BlockLines {
  lines: Buffer;
  ms: Float64Array;
  subMsNs: Uint32Array;
  bytes: Uint32Array;
}

/** readBlock reads a block and looks at the time and size of every line. */
export function readBlock(
  kernel: SliceKernel,
  { entries, rawBytes, read }: Pick<LineBlock, "entries" | "rawBytes" | "read">,
): BlockLines {
  kernel.clear();
  const at = kernel.place(rawBytes);
  const msAt = kernel.place(entries * 8);
  const subMsNsAt = kernel.place(entries * 4);
  const bytesAt = kernel.place(entries * 4);
  const lines = kernel.memory.subarray(at, at + rawBytes);
  read(lines);
  const found = kernel.call.surveyLines(at, at + rawBytes, msAt, subMsNsAt, bytesAt, entries);
  if (found !== entries)
    throw new Error("cannot compact a block: its lines are not canonical, or not as many as it says");
  const { buffer } = kernel.memory;
  return {
    lines,
    ms: new Float64Array(buffer, msAt, entries),
    subMsNs: new Uint32Array(buffer, subMsNsAt, entries),
    bytes: new Uint32Array(buffer, bytesAt, entries),
  };
}

/** EntryKey is the order of entries. */
export interface EntryKey {
  ms: number;
  subMsNs: number;
  id: string;
}

export function compareKeys(a: EntryKey, b: EntryKey): number {
  return a.ms - b.ms || a.subMsNs - b.subMsNs || (a.id < b.id ? -1 : 1);
}

/** keysAt reads the whole keys of a block's entries at one millisecond. */
export function keysAt(kernel: SliceKernel, block: LineBlock, ms: number): EntryKey[] {
  const { lines, ms: times, subMsNs, bytes } = readBlock(kernel, block);
  const keys: EntryKey[] = [];
  let start = 0;
  for (let i = 0; i < block.entries; i++) {
    if (times[i] === ms)
      keys.push({ ms, subMsNs: subMsNs[i] as number, id: lines.toString("latin1", start + ID_AT, start + ID_END) });
    start += bytes[i] as number;
  }
  return keys;
}
