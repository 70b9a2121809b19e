import { addDecodedWords } from "#app/server/compaction/decoded-words.ts";
import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import type { EntryKey, SurveyedBlock } from "#app/server/compaction/survey-lines.ts";
import * as layout from "#app/server/kernel/slice/layout.ts";
import { decodeText } from "#app/server/search/line.ts";
import { wordFilterBytes } from "#app/server/search/word-filter.ts";

export interface SliceInput {
  rows: number;
  /** Of the slice's lines. */
  rawBytes: number;
  /** The slice's first entry, and the one behind its last; null where there is none. */
  from: EntryKey | null;
  to: EntryKey | null;
  promotedKeys: readonly string[];
  sortKey: string | null;
  /** The blocks that it may lie in. */
  blocks: readonly SurveyedBlock[];
}

/** SliceColumns are the rows of a slice, sorted, column by column, and the filter of their words. */
export interface SliceColumns {
  /** In the order of layout.ts. They are the kernel's memory until its next use. */
  columns: ColumnValues[];
  filter: Buffer;
  /** Are all messages ASCII? */
  isAscii: boolean;
}

export interface ColumnValues {
  /** As Parquet's PLAIN encoding has them. */
  values: Buffer;
  /** One bit for each row, set where it has a value; null where every row has one. */
  present: Buffer | null;
}

const FIRST_KEY: EntryKey = { ms: -Infinity, subMsNs: 0, id: "" };
const LAST_KEY: EntryKey = { ms: Infinity, subMsNs: 0, id: "" };
const FIRST_WORD_PLACES = 65_536;
const OPTIONAL_COLUMNS: ReadonlySet<number> = new Set([
  layout.TIMESTAMP_NS_COLUMN,
  layout.LEVEL_ORIGINAL_COLUMN,
  layout.REST_COLUMN,
]);
/** Of a value at most, where it does not depend on the lines. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [layout.ID_REQUEST_COLUMN, 4 + layout.ID_REQUEST_BYTES],
  [layout.ID_INDEX_COLUMN, 4 + layout.ID_INDEX_BYTES],
  [layout.TIMESTAMP_COLUMN, 8],
  [layout.TIMESTAMP_NS_COLUMN, 8],
]);

/** sliceColumns takes the lines of a slice out of the blocks and sorts them by service, sort key, time and id. */
export function sliceColumns(kernel: SliceKernel, input: SliceInput): SliceColumns {
  placeSlice(kernel, input);
  const source = kernel.place(input.blocks.reduce((most, { rawBytes }) => Math.max(most, rawBytes), 0));
  placeWordSet(kernel);
  for (const { rawBytes, read } of input.blocks) {
    read(kernel.memory.subarray(source, source + rawBytes));
    if (kernel.call.takeLines(source, source + rawBytes) === 0) throw unexpected(input.rows);
  }
  if (kernel.word(layout.ROWS) !== input.rows) throw unexpected(input.rows);
  addOddWords(kernel);
  kernel.placeBehind(kernel.word(layout.WORD_SET) + kernel.word(layout.WORD_SET_PLACES) * layout.PAIR_BYTES);
  const filter = wordFilter(kernel);
  kernel.call.sortRows(
    rank(kernel, layout.SERVICE_NAMES_AT, layout.SERVICE_RANKS),
    rank(kernel, layout.VALUE_NAMES_AT, layout.VALUE_RANKS),
  );
  const isAscii = kernel.word(layout.ODD_MESSAGE_COUNT) === 0;
  return { columns: writeColumns(kernel, input), filter, isAscii };
}

function unexpected(rows: number): Error {
  return new Error(`cannot compact: a slice of ${rows} entries has others than were surveyed`);
}

/** Lays out all that has a size before the lines are read. */
function placeSlice(kernel: SliceKernel, { rows, rawBytes, from, to, promotedKeys, sortKey }: SliceInput): void {
  kernel.clear();
  placeNames(kernel, layout.SERVICE_NAMES_AT, rows);
  placeNames(kernel, layout.VALUE_NAMES_AT, rows);
  const lines = kernel.place(rawBytes);
  const words: [number, number][] = [
    [layout.ROWS, 0],
    [layout.MAX_ROWS, rows],
    [layout.LINES_END, lines],
    [layout.LINES_LIMIT, lines + rawBytes],
    [layout.ROW_TABLE, kernel.place(rows * layout.ROW_BYTES)],
    [layout.VALUES, kernel.place(rows * promotedKeys.length * 8)],
    [layout.KEYS, placeKeys(kernel, promotedKeys)],
    [layout.KEY_COUNT, promotedKeys.length],
    [layout.SORT_KEY, sortKey === null ? -1 : promotedKeys.indexOf(sortKey)],
    [layout.ORDER, kernel.place(rows * 4)],
    [layout.SPARE, kernel.place(rows * 4)],
    [layout.SERVICE_RANKS, kernel.place(rows * 4)],
    [layout.VALUE_RANKS, kernel.place(rows * 4)],
    [layout.COUNTS, kernel.place((rows + 2) * 4)],
    [layout.ODD_MESSAGES, kernel.place(rows * 8)],
    [layout.ODD_MESSAGE_COUNT, 0],
  ];
  for (const [name, value] of words) kernel.setWord(name, value);
  kernel.setBorder(false, from ?? FIRST_KEY);
  kernel.setBorder(true, to ?? LAST_KEY);
}

function placeNames(kernel: SliceKernel, namesAt: number, rows: number): void {
  const slots = 2 ** Math.ceil(Math.log2(rows * 2 + 2));
  const slotsAt = kernel.place(slots * layout.NAME_SLOT_BYTES);
  const textsAt = kernel.place(rows * layout.NAME_BYTES);
  const { memory } = kernel;
  memory.fill(0, slotsAt, slotsAt + slots * layout.NAME_SLOT_BYTES);
  for (const [i, value] of [slotsAt, slots - 1, textsAt, 0].entries()) memory.writeUInt32LE(value, namesAt + i * 4);
}

function placeKeys(kernel: SliceKernel, promotedKeys: readonly string[]): number {
  const table = kernel.place(promotedKeys.length * layout.NAME_BYTES);
  for (const [i, key] of promotedKeys.entries()) {
    const at = kernel.place(key.length);
    kernel.memory.write(key, at, "latin1");
    kernel.memory.writeUInt32LE(at, table + i * layout.NAME_BYTES);
    kernel.memory.writeUInt32LE(key.length, table + i * layout.NAME_BYTES + 4);
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

/** Ranks the names by their bytes, and returns how many there are. */
function rank(kernel: SliceKernel, namesAt: number, ranksWord: number): number {
  const { memory } = kernel;
  const texts = memory.readUInt32LE(namesAt + 8);
  const count = memory.readUInt32LE(namesAt + 12);
  const ranks = kernel.word(ranksWord);
  const names = Array.from({ length: count }, (_, number) => {
    const start = memory.readUInt32LE(texts + number * layout.NAME_BYTES);
    const length = memory.readUInt32LE(texts + number * layout.NAME_BYTES + 4);
    return { number, text: memory.toString("latin1", start, start + length) };
  });
  names.sort((a, b) => (a.text < b.text ? -1 : 1));
  for (const [place, { number }] of names.entries()) memory.writeUInt32LE(place, ranks + number * 4);
  return count;
}

function wordFilter(kernel: SliceKernel): Buffer {
  const bytes = wordFilterBytes(kernel.word(layout.WORD_COUNT) + kernel.word(layout.HAS_ZERO_WORD));
  const at = kernel.place(bytes);
  kernel.memory.fill(0, at, at + bytes);
  kernel.call.fillFilter(at, bytes);
  return Buffer.from(kernel.memory.subarray(at, at + bytes));
}

function writeColumns(kernel: SliceKernel, { rows, promotedKeys }: SliceInput): ColumnValues[] {
  const columns = layout.FIRST_PROMOTED_COLUMN + promotedKeys.length;
  kernel.memory.fill(0, layout.COLUMNS_AT, columnAt(columns));
  kernel.call.measureColumns();
  for (let column = 0; column < columns; column++) {
    const measured = kernel.memory.readUInt32LE(columnAt(column) + layout.COLUMN_START);
    const fixed = FIXED_BYTES.get(column);
    const values = kernel.place(fixed === undefined ? measured : rows * fixed);
    const isOptional = OPTIONAL_COLUMNS.has(column) || column >= layout.FIRST_PROMOTED_COLUMN;
    const bits = isOptional ? kernel.place(bitBytes(rows)) : 0;
    if (isOptional) kernel.memory.fill(0, bits, bits + bitBytes(rows));
    kernel.memory.writeUInt32LE(values, columnAt(column) + layout.COLUMN_START);
    kernel.memory.writeUInt32LE(values, columnAt(column) + layout.COLUMN_END);
    kernel.memory.writeUInt32LE(bits, columnAt(column) + layout.COLUMN_BITS);
  }
  kernel.call.writeColumns();
  return Array.from({ length: columns }, (_, column) => columnValues(kernel, column, rows));
}

function columnValues({ memory }: SliceKernel, column: number, rows: number): ColumnValues {
  const start = memory.readUInt32LE(columnAt(column) + layout.COLUMN_START);
  const end = memory.readUInt32LE(columnAt(column) + layout.COLUMN_END);
  const bits = memory.readUInt32LE(columnAt(column) + layout.COLUMN_BITS);
  return {
    values: memory.subarray(start, end),
    present: bits === 0 ? null : memory.subarray(bits, bits + bitBytes(rows)),
  };
}

function columnAt(column: number): number {
  return layout.COLUMNS_AT + column * layout.COLUMN_BYTES;
}

function bitBytes(rows: number): number {
  return Math.ceil(rows / 8);
}
