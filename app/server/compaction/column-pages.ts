import type { SliceKernel } from "#app/server/compaction/slice-kernel.ts";
import * as layout from "#app/server/kernel/slice/layout.ts";

/** ParquetColumn is a column of an object of tier 1. */
export interface ParquetColumn {
  name: string;
  type: "time" | "integer" | "text";
  isOptional: boolean;
}

/** ColumnPages are the pages of one column of a slice before compression. They are the kernel's memory until its next use. */
export interface ColumnPages {
  /** Distinct texts, to which the data point, or null where the data are the values themselves. */
  dictionary: { page: Buffer; values: number } | null;
  data: Buffer;
  /** Rows without a value. */
  nulls: number;
  /** The least and the greatest value as Parquet's statistics have them, or null where they are not known. */
  range: ValueRange | null;
}

export type ValueRange = readonly [least: Buffer, greatest: Buffer];

export interface KernelColumn extends ParquetColumn {
  write: (kernel: SliceKernel) => ColumnPages;
}

/** Of what a column may write beside its texts, in bytes: lengths or numbers, levels, and headers. */
const MOST_BYTES_PER_ROW = 16;
const MOST_HEADER_BYTES = 1024;

/** columnsOf lists the columns of an object, in the order of the file. */
export function columnsOf(promotedKeys: readonly string[]): KernelColumn[] {
  return [
    textColumn("id_request", layout.ID_REQUEST_COLUMN),
    textColumn("id_index", layout.ID_INDEX_COLUMN),
    { name: "timestamp", type: "time", isOptional: false, write: writeTimes },
    { name: "timestamp_ns", type: "integer", isOptional: true, write: writeNanoseconds },
    textColumn("service", layout.SERVICE_COLUMN),
    textColumn("level", layout.LEVEL_COLUMN),
    textColumn("level_original", layout.LEVEL_ORIGINAL_COLUMN, true),
    textColumn("message", layout.MESSAGE_COLUMN),
    ...promotedKeys.map((key, i) => textColumn(`tags.${key}`, layout.FIRST_PROMOTED_COLUMN + i, true)),
    textColumn("tags", layout.REST_COLUMN, true),
  ];
}

function textColumn(name: string, column: number, isOptional = false): KernelColumn {
  return { name, type: "text", isOptional, write: (kernel) => writeTexts(kernel, column) };
}

/** textsAt is where the kernel knows of the texts of a column. */
export function textsAt(column: number): number {
  return layout.TEXTS_AT + column * layout.TEXTS_BYTES;
}

function writeTimes(kernel: SliceKernel): ColumnPages {
  return writeIntegers(kernel, (to) => kernel.call.writeTimes(to));
}

function writeNanoseconds(kernel: SliceKernel): ColumnPages {
  return writeIntegers(kernel, (to) => kernel.call.writeNanoseconds(to));
}

function writeIntegers(kernel: SliceKernel, write: (to: number) => number): ColumnPages {
  const rows = kernel.word(layout.ROWS);
  const to = kernel.borrow(rows * MOST_BYTES_PER_ROW + MOST_HEADER_BYTES);
  const end = write(to);
  const { memory } = kernel;
  const present = kernel.word(layout.PRESENT);
  const range = [layout.LEAST_AT, layout.GREATEST_AT].map((at) => Buffer.from(memory.subarray(at, at + 8)));
  return {
    dictionary: null,
    data: memory.subarray(kernel.word(layout.PAGE_START), end),
    nulls: rows - present,
    range: present === 0 ? null : (range as unknown as ValueRange),
  };
}

/** A dictionary is worth its place where its texts are used twice on average. */
function writeTexts(kernel: SliceKernel, column: number): ColumnPages {
  const rows = kernel.word(layout.ROWS);
  const values = kernel.memory.readUInt32LE(textsAt(column) + layout.TEXTS_COUNT);
  const limit = kernel.memory.readUInt32LE(textsAt(column) + layout.TEXTS_LIMIT);
  const textBytes = kernel.memory.readUInt32LE(textsAt(column) + layout.TEXTS_TOTAL_BYTES);
  const to = kernel.borrow(textBytes + rows * MOST_BYTES_PER_ROW + MOST_HEADER_BYTES);
  if (values === 0 || values > limit || values * 2 > rows) {
    const end = kernel.call.writeTexts(column, to);
    const data = kernel.memory.subarray(kernel.word(layout.PAGE_START), end);
    return { dictionary: null, data, nulls: rows - kernel.word(layout.PRESENT), range: null };
  }
  const dictionaryEnd = kernel.call.writeDictionary(column, to);
  const end = kernel.call.writeNumbers(column, dictionaryEnd);
  const page = kernel.memory.subarray(to, dictionaryEnd);
  return {
    dictionary: { page, values },
    data: kernel.memory.subarray(dictionaryEnd, end),
    nulls: rows - kernel.word(layout.PRESENT),
    range: rangeOf(page),
  };
}

/** Longer values are left out of the statistics, which every reader of the footer has to read. */
const MAX_RANGE_BYTES = 256;

/** rangeOf finds the least and the greatest of texts that stand behind their lengths. */
function rangeOf(page: Buffer): ValueRange | null {
  let least = textAt(page, 0);
  let greatest = least;
  for (let at = 4 + least.length; at < page.length;) {
    const text = textAt(page, at);
    if (text.compare(least) < 0) least = text;
    else if (text.compare(greatest) > 0) greatest = text;
    at += 4 + text.length;
  }
  if (Math.max(least.length, greatest.length) > MAX_RANGE_BYTES) return null;
  return [Buffer.from(least), Buffer.from(greatest)];
}

function textAt(page: Buffer, at: number): Buffer {
  return page.subarray(at + 4, at + 4 + page.readUInt32LE(at));
}
