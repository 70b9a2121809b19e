import type { ParquetColumn, ValueRange } from "#app/server/compaction/column-pages.ts";
import { ThriftWriter } from "#app/server/compaction/thrift-writer.ts";

/** ColumnChunk is what the footer says of one column of a row group. Offsets count from the file's first byte. */
export interface ColumnChunk {
  dictionaryStart: number | null;
  dataStart: number;
  encoding: number;
  /** Of both pages with their headers, before compression and after it. */
  rawBytes: number;
  bytes: number;
  nulls: number;
  range: ValueRange | null;
}

export interface RowGroupChunks {
  rows: number;
  chunks: ColumnChunk[];
}

/** Numbers of parquet.thrift (https://github.com/apache/parquet-format). */
const VERSION = 2;
const TYPE_INT64 = 2;
const TYPE_BYTE_ARRAY = 6;
const CONVERTED_UTF8 = 0;
const CONVERTED_TIMESTAMP_MICROS = 10;
const CONVERTED_INT_64 = 18;
const REQUIRED = 0;
const OPTIONAL = 1;
export const ENCODING_PLAIN = 0;
export const ENCODING_RLE = 3;
export const ENCODING_DELTA_BINARY_PACKED = 5;
export const ENCODING_DELTA_LENGTH_BYTE_ARRAY = 6;
export const ENCODING_RLE_DICTIONARY = 8;
const CODEC_ZSTD = 6;
const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;

const CONVERTED = { text: CONVERTED_UTF8, time: CONVERTED_TIMESTAMP_MICROS, integer: CONVERTED_INT_64 };

/** encodeFooter returns Parquet's FileMetaData. */
export function encodeFooter(columns: readonly ParquetColumn[], rowGroups: readonly RowGroupChunks[]): Buffer {
  const thrift = new ThriftWriter();
  thrift.integer(1, VERSION);
  thrift.structs(2, [null, ...columns], (column) => schemaElement(thrift, column, columns.length));
  const rows = rowGroups.reduce((sum, group) => sum + group.rows, 0);
  thrift.integer64(3, rows);
  thrift.structs(4, rowGroups, (rowGroup) => encodeRowGroup(thrift, rowGroup, columns));
  thrift.structs(5, [["akavelog", "tier 1, format 1"] as const], ([key, value]) => {
    thrift.text(1, key);
    thrift.text(2, value);
  });
  thrift.text(6, "akavelog");
  // Without an order of its type a column's least and greatest value say nothing.
  thrift.structs(7, columns, () => thrift.struct(1, () => undefined));
  return thrift.finish();
}

/** The first element is the root of the tree. */
function schemaElement(thrift: ThriftWriter, column: ParquetColumn | null, columns: number): void {
  if (column === null) {
    thrift.text(4, "entry");
    thrift.integer(5, columns);
    return;
  }
  thrift.integer(1, typeOf(column));
  thrift.integer(3, column.isOptional ? OPTIONAL : REQUIRED);
  thrift.text(4, column.name);
  thrift.integer(6, CONVERTED[column.type]);
  if (column.type === "time") thrift.struct(10, () => timestampType(thrift));
}

/** Microseconds in UTC. */
function timestampType(thrift: ThriftWriter): void {
  thrift.struct(8, () => {
    thrift.flag(1, true);
    thrift.struct(2, () => thrift.struct(2, () => undefined));
  });
}

function encodeRowGroup(
  thrift: ThriftWriter,
  { rows, chunks }: RowGroupChunks,
  columns: readonly ParquetColumn[],
): void {
  thrift.structs(1, chunks, (chunk, i) => columnChunk(thrift, chunk, columns[i] as ParquetColumn, rows));
  const rawBytes = chunks.reduce((sum, chunk) => sum + chunk.rawBytes, 0);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  thrift.integer64(2, rawBytes);
  thrift.integer64(3, rows);
  thrift.integer64(6, bytes);
}

function columnChunk(thrift: ThriftWriter, chunk: ColumnChunk, column: ParquetColumn, rows: number): void {
  thrift.integer64(2, 0);
  thrift.struct(3, () => {
    thrift.integer(1, typeOf(column));
    const dictionary = chunk.dictionaryStart === null ? [] : [ENCODING_PLAIN];
    thrift.integers(2, [...dictionary, ENCODING_RLE, chunk.encoding]);
    thrift.texts(3, [column.name]);
    thrift.integer(4, CODEC_ZSTD);
    thrift.integer64(5, rows);
    thrift.integer64(6, chunk.rawBytes);
    thrift.integer64(7, chunk.bytes);
    thrift.integer64(9, chunk.dataStart);
    if (chunk.dictionaryStart !== null) thrift.integer64(11, chunk.dictionaryStart);
    thrift.struct(12, () => statistics(thrift, chunk));
  });
}

function statistics(thrift: ThriftWriter, { nulls, range }: ColumnChunk): void {
  thrift.integer64(3, nulls);
  if (range === null) return;
  const [least, greatest] = range;
  thrift.bytes(5, greatest);
  thrift.bytes(6, least);
}

function typeOf({ type }: ParquetColumn): number {
  return type === "text" ? TYPE_BYTE_ARRAY : TYPE_INT64;
}

interface PageSizes {
  values: number;
  rawBytes: number;
  bytes: number;
}

export function dictionaryPageHeader({ values, rawBytes, bytes }: PageSizes): Buffer {
  const thrift = pageHeader(DICTIONARY_PAGE, rawBytes, bytes);
  thrift.struct(7, () => {
    thrift.integer(1, values);
    thrift.integer(2, ENCODING_PLAIN);
  });
  return thrift.finish();
}

export function dataPageHeader({ values, rawBytes, bytes }: PageSizes, encoding: number): Buffer {
  const thrift = pageHeader(DATA_PAGE, rawBytes, bytes);
  thrift.struct(5, () => {
    thrift.integer(1, values);
    thrift.integer(2, encoding);
    thrift.integer(3, ENCODING_RLE);
    thrift.integer(4, ENCODING_RLE);
  });
  return thrift.finish();
}

function pageHeader(type: number, rawBytes: number, bytes: number): ThriftWriter {
  const thrift = new ThriftWriter();
  thrift.integer(1, type);
  thrift.integer(2, rawBytes);
  thrift.integer(3, bytes);
  return thrift;
}
