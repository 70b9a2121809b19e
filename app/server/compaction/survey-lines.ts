import { createTimestampReader, emptySlices, sliceLine } from "#app/server/ingest/canonical-line.ts";
import { STORED_ID_START } from "#app/server/ingest/tier0-format.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/build-tier0.ts";
import { HashSet } from "#app/server/compaction/hash-set.ts";
import { addWords } from "#app/server/compaction/word-collector.ts";

/** A stored line is its id, with what stands around it, and then a line as it is in the WAL without its brace. */
const LINE_AT = STORED_ID_BYTES + 1;
const ID_AT = STORED_ID_START.length;
const ID_END = LINE_AT - 2;
const LF = 10;

/** SurveyedBlock is what compaction must know of some hundred lines before it sorts them. */
export interface SurveyedBlock {
  ms: Float64Array;
  subMsNs: Uint32Array;
  bytes: Uint32Array;
  minMs: number;
  maxMs: number;
  /** Pairs of hashes of the distinct words. */
  words: Uint32Array;
  /** Decompresses the lines once more. */
  read: () => Buffer;
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

const words = new HashSet(32_768);

/** surveyLines looks at every line once. */
export function surveyLines(lines: Buffer, entries: number, sample: TagSample, read: () => Buffer): SurveyedBlock {
  const block: SurveyedBlock = {
    ms: new Float64Array(entries),
    subMsNs: new Uint32Array(entries),
    bytes: new Uint32Array(entries),
    minMs: Infinity,
    maxMs: -Infinity,
    words: new Uint32Array(0),
    read,
  };
  const slices = emptySlices();
  const timestamp = createTimestampReader();
  let start = 0;
  words.clear();
  for (let i = 0; i < entries; i++) {
    const end = lines.indexOf(LF, start);
    sliceLine(lines, start + LINE_AT, end, slices);
    if (end === -1 || !timestamp.read(lines, slices.timestampStart, slices.timestampEnd))
      throw new Error(`cannot compact the line at byte ${start} of a block: it is not canonical`);
    block.ms[i] = timestamp.ms;
    block.subMsNs[i] = timestamp.subMsNs;
    block.bytes[i] = end + 1 - start;
    block.minMs = Math.min(block.minMs, timestamp.ms);
    block.maxMs = Math.max(block.maxMs, timestamp.ms);
    addWords(words, lines, slices.messageStart, slices.messageEnd);
    if (i % SAMPLE_EVERY === 0) sample.add(lines.toString("utf8", slices.tagsStart, slices.tagsEnd));
    start = end + 1;
  }
  if (start !== lines.length) throw new Error(`cannot compact a block: it has more than ${entries} lines`);
  block.words = words.toPairs();
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
  const lines = block.read();
  let start = 0;
  for (let i = 0; i < block.ms.length; i++) {
    if (block.ms[i] === ms)
      keys.push({ ms, subMsNs: block.subMsNs[i] as number, id: lines.toString("latin1", start + ID_AT, start + ID_END) });
    start += block.bytes[i] as number;
  }
  return keys;
}
