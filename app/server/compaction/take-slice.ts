import { addDecodedWords } from "#app/server/compaction/decoded-words.ts";
import type { EntryKey, LineBlock } from "#app/server/compaction/line-block.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import { textsAt } from "#app/server/compaction/column-pages.ts";
import { STORED_ID_BYTES } from "#app/server/ingest/tier0-batch.ts";
import * as layout from "#app/server/kernel/slice/layout.ts";
import { decodeText } from "#app/server/search/line.ts";
import { MAX_RAW_BYTES_PER_GROUP } from "#app/server/search/tier1-format.ts";
import { wordFilterBytes } from "#app/server/search/word-filter.ts";

export interface SliceInput {
  rows: number;
  /** The slice's first entry, and the one behind its last; null where there is none. */
  from: EntryKey | null;
  to: EntryKey | null;
  promotedKeys: readonly string[];
  sortKey: string | null;
  /** The blocks that it may lie in. */
  blocks: readonly LineBlock[];
}

/** TakenSlice is what is known of a slice's lines once the kernel has them. */
export interface TakenSlice {
  rawBytes: number;
  maxEntryBytes: number;
  tsStartNs: bigint;
  tsEndNs: bigint;
  /** Are all messages ASCII? */
  isAscii: boolean;
  /** Of the words of the messages. */
  filter: Buffer;
}

const FIRST_KEY: EntryKey = { ms: -Infinity, subMsNs: 0, id: "" };
const LAST_KEY: EntryKey = { ms: Infinity, subMsNs: 0, id: "" };
const MAX_NS = 2n ** 63n - 1n;
const FIRST_WORD_PLACES = 65_536;
/** More texts are not looked up any more: as a dictionary they would save nothing. */
const MAX_DISTINCT_TEXTS = 24_576;

/**
 * takeSlice takes the lines of a slice out of the blocks and sorts them by service, sort key, time and id. Null when they are
 * more than a row group may have.
 */
export function takeSlice(kernel: SliceKernel, input: SliceInput): TakenSlice | null {
  const lines = placeSlice(kernel, input);
  const source = kernel.place(input.blocks.reduce((most, { rawBytes }) => Math.max(most, rawBytes), 0));
  placeWordSet(kernel);
  for (const { rawBytes, read } of input.blocks) {
    read(kernel.memory.subarray(source, source + rawBytes));
    const outcome = kernel.call.takeLines(source, source + rawBytes);
    if (outcome === layout.TOO_LARGE) return null;
    if (outcome !== layout.TAKEN) throw unexpected(input.rows);
  }
  if (kernel.word(layout.ROWS) !== input.rows) throw unexpected(input.rows);
  addOddWords(kernel);
  kernel.placeBehind(kernel.word(layout.WORD_SET) + kernel.word(layout.WORD_SET_PLACES) * layout.PAIR_BYTES);
  const filter = wordFilter(kernel);
  rank(kernel, layout.SERVICE_COLUMN, layout.SERVICE_RANKS);
  if (input.sortKey !== null) rank(kernel, kernel.word(layout.SORT_COLUMN), layout.VALUE_RANKS);
  kernel.call.sortRows();
  return {
    rawBytes: kernel.word(layout.LINES_END) - lines,
    maxEntryBytes: kernel.word(layout.LONGEST_LINE),
    tsStartNs: kernel.memory.readBigInt64LE(layout.FIRST_NS_AT),
    tsEndNs: kernel.memory.readBigInt64LE(layout.LAST_NS_AT),
    isAscii: kernel.word(layout.ODD_MESSAGE_COUNT) === 0,
    filter,
  };
}

function unexpected(rows: number): Error {
  return new Error(`cannot compact: a slice of ${rows} entries has others than its blocks said`);
}

/** Lays out all that has a size before the lines are read, and returns where the lines go. */
function placeSlice(kernel: SliceKernel, { rows, from, to, promotedKeys, sortKey, blocks }: SliceInput): number {
  kernel.clear();
  const known = blocks.reduce((sum, block) => sum + block.rawBytes, 0);
  const rawBytes = Math.min(known, MAX_RAW_BYTES_PER_GROUP + rows * STORED_ID_BYTES);
  const columns = layout.FIRST_PROMOTED_COLUMN + promotedKeys.length;
  const sortColumn = sortKey === null ? -1 : layout.FIRST_PROMOTED_COLUMN + promotedKeys.indexOf(sortKey);
  for (let column = 0; column < columns; column++) {
    // What rows are sorted by has one number for each text, however many there are.
    const isSorted = column === layout.SERVICE_COLUMN || column === sortColumn;
    placeTexts(kernel, column, rows, isSorted ? rows : Math.min(rows, MAX_DISTINCT_TEXTS));
  }
  const numbers = kernel.place(columns * rows * 4);
  kernel.memory.fill(layout.NO_TEXT, numbers, numbers + columns * rows * 4);
  const lines = kernel.place(rawBytes);
  const words: [number, number][] = [
    [layout.ROWS, 0],
    [layout.MAX_ROWS, rows],
    [layout.LINES_END, lines],
    [layout.LINES_LIMIT, lines + rawBytes],
    [layout.ROW_TABLE, kernel.place(rows * layout.ROW_BYTES)],
    [layout.NUMBERS, numbers],
    [layout.KEYS, placeKeys(kernel, promotedKeys)],
    [layout.KEY_COUNT, promotedKeys.length],
    [layout.SORT_COLUMN, sortColumn],
    [layout.ORDER, kernel.place(rows * 4)],
    [layout.SPARE, kernel.place(rows * 4)],
    [layout.SERVICE_RANKS, kernel.place(rows * 4)],
    [layout.VALUE_RANKS, kernel.place(rows * 4)],
    [layout.COUNTS, kernel.place((rows + 2) * 4)],
    [layout.WIDE_NUMBERS, kernel.place(rows * 8)],
    [layout.ODD_MESSAGES, kernel.place(rows * 8)],
    [layout.ODD_MESSAGE_COUNT, 0],
    [layout.LONGEST_LINE, 0],
    // Tags of the lines and no more than that, but for the braces.
    [layout.REST_END, kernel.place(rawBytes)],
  ];
  for (const [name, value] of words) kernel.setWord(name, value);
  kernel.setBorder(false, from ?? FIRST_KEY);
  kernel.setBorder(true, to ?? LAST_KEY);
  kernel.memory.writeBigInt64LE(MAX_NS, layout.FIRST_NS_AT);
  kernel.memory.writeBigInt64LE(0n, layout.LAST_NS_AT);
  return lines;
}

/** Makes room for as many texts as there are rows, of which so many can be found again. */
function placeTexts(kernel: SliceKernel, column: number, rows: number, limit: number): void {
  const slots = layout.FIRST_SLOTS;
  const mostSlots = 2 ** Math.ceil(Math.log2(limit * 2 + 2));
  const slotsAt = kernel.place(2 * Math.max(slots, mostSlots) * layout.SLOT_BYTES);
  const listAt = kernel.place(rows * layout.TEXT_BYTES);
  const { memory } = kernel;
  memory.fill(0, slotsAt, slotsAt + slots * layout.SLOT_BYTES);
  for (const [i, value] of [slotsAt, slots - 1, listAt, 0, limit, 0].entries())
    memory.writeUInt32LE(value, textsAt(column) + i * 4);
}

function placeKeys(kernel: SliceKernel, promotedKeys: readonly string[]): number {
  const table = kernel.place(promotedKeys.length * layout.TEXT_BYTES);
  for (const [i, key] of promotedKeys.entries()) {
    const at = kernel.place(key.length);
    kernel.memory.write(key, at, "latin1");
    kernel.memory.writeUInt32LE(at, table + i * layout.TEXT_BYTES);
    kernel.memory.writeUInt32LE(key.length, table + i * layout.TEXT_BYTES + 4);
  }
  return table;
}

function placeWordSet(kernel: SliceKernel): void {
  const set = kernel.place(FIRST_WORD_PLACES * layout.PAIR_BYTES);
  kernel.memory.fill(0, set, set + FIRST_WORD_PLACES * layout.PAIR_BYTES);
  kernel.setWord(layout.WORD_SET, set);
  kernel.setWord(layout.WORD_SET_PLACES, FIRST_WORD_PLACES);
  kernel.setWord(layout.WORD_COUNT, 0);
  kernel.setWord(layout.HAS_ZERO_WORD, 0);
}

/** The kernel knows the letters of ASCII only. */
function addOddWords(kernel: SliceKernel): void {
  const places = kernel.word(layout.ODD_MESSAGES);
  const count = kernel.word(layout.ODD_MESSAGE_COUNT);
  for (let i = 0; i < count; i++) {
    const start = kernel.memory.readUInt32LE(places + i * 8);
    const end = kernel.memory.readUInt32LE(places + i * 8 + 4);
    addDecodedWords(decodeText(kernel.memory, start, end), (first, second) => kernel.call.addWord(first, second));
  }
}

/** Ranks the texts of a column by their bytes. */
function rank(kernel: SliceKernel, column: number, ranksWord: number): void {
  const { memory } = kernel;
  const list = memory.readUInt32LE(textsAt(column) + layout.TEXTS_LIST);
  const count = memory.readUInt32LE(textsAt(column) + layout.TEXTS_COUNT);
  const ranks = kernel.word(ranksWord);
  const texts = Array.from({ length: count }, (_, number) => {
    const start = memory.readUInt32LE(list + number * layout.TEXT_BYTES);
    const length = memory.readUInt32LE(list + number * layout.TEXT_BYTES + 4);
    return { number, text: memory.toString("latin1", start, start + length) };
  });
  texts.sort((a, b) => (a.text < b.text ? -1 : 1));
  for (const [place, { number }] of texts.entries()) memory.writeUInt32LE(place, ranks + number * 4);
}

function wordFilter(kernel: SliceKernel): Buffer {
  const bytes = wordFilterBytes(kernel.word(layout.WORD_COUNT) + kernel.word(layout.HAS_ZERO_WORD));
  const at = kernel.place(bytes);
  kernel.memory.fill(0, at, at + bytes);
  kernel.call.fillFilter(at, bytes);
  return Buffer.from(kernel.memory.subarray(at, at + bytes));
}
