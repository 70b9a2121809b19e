import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import { STORED_ID_START } from "#app/server/ingest/tier0-format.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/tier0-batch.ts";

/** A stored line is its id, with what stands around it, and then a line as it is in the WAL without its brace. */
const LINE_AT = STORED_ID_BYTES + 1;
const ID_AT = STORED_ID_START.length;
const ID_END = LINE_AT - 2;

export type ReadLines = (target: Buffer) => void;

/** SurveyedBlock is what compaction must know of some hundred lines before it sorts them. */
export interface SurveyedBlock {
  ms: Float64Array;
  subMsNs: Uint32Array;
  bytes: Uint32Array;
  minMs: number;
  maxMs: number;
  rawBytes: number;
  /** Writes the lines, of which there are `rawBytes`. */
  read: ReadLines;
}

/** TagSample counts how often each tag key occurs among some of the lines, and with how many values. */
export class TagSample {
  readonly keys = new Map<string, { count: number; values: Set<string> }>();
  lines = 0;

  add(tagsJson: string): void {
    this.lines++;
    for (const [, keyJson, valueJson] of tagsJson.matchAll(/("(?:[^"\\]|\\.)*"):("(?:[^"\\]|\\.)*")/gs)) {
      const key = JSON.parse(keyJson as string) as string;
      const known = this.keys.get(key) ?? { count: 0, values: new Set<string>() };
      this.keys.set(key, known);
      known.count++;
      if (known.values.size < MAX_SAMPLED_VALUES) known.values.add(valueJson as string);
    }
  }
}

const MAX_SAMPLED_VALUES = 1_000;
const SAMPLE_EVERY = 61;

/** surveyLines looks at the time and size of every line of a block, and at the tags of some. */
export function surveyLines(
  kernel: SliceKernel,
  { entries, rawBytes, read }: { entries: number; rawBytes: number; read: ReadLines },
  sample: TagSample,
): SurveyedBlock {
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
  // Copies: the kernel's memory is used again.
  const { buffer } = kernel.memory;
  const block: SurveyedBlock = {
    ms: new Float64Array(buffer.slice(msAt, msAt + entries * 8)),
    subMsNs: new Uint32Array(buffer.slice(subMsNsAt, subMsNsAt + entries * 4)),
    bytes: new Uint32Array(buffer.slice(bytesAt, bytesAt + entries * 4)),
    rawBytes,
    minMs: Infinity,
    maxMs: -Infinity,
    read,
  };
  const slices = emptySlices();
  let start = 0;
  for (let i = 0; i < entries; i++) {
    const end = start + (block.bytes[i] as number);
    block.minMs = Math.min(block.minMs, block.ms[i] as number);
    block.maxMs = Math.max(block.maxMs, block.ms[i] as number);
    if (i % SAMPLE_EVERY === 0) {
      sliceLine(lines, start + LINE_AT, end - 1, slices);
      sample.add(lines.toString("utf8", slices.tagsStart, slices.tagsEnd));
    }
    start = end;
  }
  return block;
}

/** EntryKey is the order of entries. */
export interface EntryKey {
  ms: number;
  subMsNs: number;
  id: string;
}

/** keysAt reads the whole keys of a block's entries at one millisecond. */
export function keysAt(block: SurveyedBlock, ms: number): EntryKey[] {
  const keys: EntryKey[] = [];
  const lines = Buffer.alloc(block.rawBytes);
  block.read(lines);
  let start = 0;
  for (let i = 0; i < block.ms.length; i++) {
    if (block.ms[i] === ms)
      keys.push({
        ms,
        subMsNs: block.subMsNs[i] as number,
        id: lines.toString("latin1", start + ID_AT, start + ID_END),
      });
    start += block.bytes[i] as number;
  }
  return keys;
}
