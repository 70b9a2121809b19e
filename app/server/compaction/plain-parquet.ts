import type { FileHandle } from "node:fs/promises";
import type { ColumnValues } from "#app/server/compaction/slice-columns.ts";
import { ThriftWriter } from "#app/server/compaction/thrift-writer.ts";

/** PlainColumn is a column of integers of 64 bits or of texts. */
export interface PlainColumn {
  name: string;
  type: "integer" | "text";
  isOptional: boolean;
}

/** stagedColumns are the columns that the slice kernel makes, in its order. */
export function stagedColumns(promotedKeys: readonly string[]): PlainColumn[] {
  return [
    { name: "id_request", type: "text", isOptional: false },
    { name: "id_index", type: "text", isOptional: false },
    { name: "timestamp", type: "integer", isOptional: false },
    { name: "timestamp_ns", type: "integer", isOptional: true },
    { name: "service", type: "text", isOptional: false },
    { name: "level", type: "text", isOptional: false },
    { name: "level_original", type: "text", isOptional: true },
    { name: "message", type: "text", isOptional: false },
    { name: "tags", type: "text", isOptional: true },
    ...promotedKeys.map((key): PlainColumn => ({ name: `tags.${key}`, type: "text", isOptional: true })),
  ];
}

/** Numbers of parquet.thrift (https://github.com/apache/parquet-format). */
const TYPE_INT64 = 2;
const TYPE_BYTE_ARRAY = 6;
const CONVERTED_UTF8 = 0;
const REQUIRED = 0;
const OPTIONAL = 1;
const ENCODING_PLAIN = 0;
const ENCODING_RLE = 3;
const CODEC_UNCOMPRESSED = 0;
const DATA_PAGE = 0;
const MAGIC = Buffer.from("PAR1", "latin1");

interface WrittenColumn {
  start: number;
  bytes: number;
}

interface WrittenRowGroup {
  rows: number;
  columns: WrittenColumn[];
}

/**
 * PlainParquetWriter writes Parquet without any compression: a page for each column of a row group. It is how rows get
 * into DuckDB by the million; nobody else reads these files.
 */
export class PlainParquetWriter {
  readonly #target: FileHandle;
  readonly #columns: readonly PlainColumn[];
  readonly #rowGroups: WrittenRowGroup[] = [];
  #written = 0;

  constructor(target: FileHandle, columns: readonly PlainColumn[]) {
    this.#target = target;
    this.#columns = columns;
  }

  async begin(): Promise<void> {
    await this.#write([MAGIC]);
  }

  async addRowGroup(rows: number, columns: readonly ColumnValues[]): Promise<void> {
    const written: WrittenColumn[] = [];
    for (const { values, present } of columns) {
      const start = this.#written;
      const levels = present === null ? [] : definitionLevels(present);
      const bytes = values.length + levels.reduce((sum, { length }) => sum + length, 0);
      await this.#write([pageHeader(rows, bytes), ...levels, values]);
      written.push({ start, bytes: this.#written - start });
    }
    this.#rowGroups.push({ rows, columns: written });
  }

  async end(): Promise<void> {
    const footer = this.#footer();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    await this.#write([footer, length, MAGIC]);
  }

  async #write(pieces: Buffer[]): Promise<void> {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const { bytesWritten } = await this.#target.writev(pieces);
    if (bytesWritten !== bytes)
      throw new Error(`cannot write rows for compaction: ${bytesWritten} of ${bytes} bytes fit`);
    this.#written += bytes;
  }

  #footer(): Buffer {
    const thrift = new ThriftWriter();
    thrift.integer(1, 1);
    thrift.structs(2, [null, ...this.#columns], (column) => this.#schemaElement(thrift, column));
    thrift.integer64(
      3,
      this.#rowGroups.reduce((sum, { rows }) => sum + rows, 0),
    );
    thrift.structs(4, this.#rowGroups, ({ rows, columns }) => {
      thrift.structs(1, columns, (column, i) =>
        this.#columnChunk(thrift, column, this.#columns[i] as PlainColumn, rows),
      );
      thrift.integer64(
        2,
        columns.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      thrift.integer64(3, rows);
    });
    return thrift.finish();
  }

  /** The first element is the root of the tree. */
  #schemaElement(thrift: ThriftWriter, column: PlainColumn | null): void {
    if (column === null) {
      thrift.text(4, "entry");
      thrift.integer(5, this.#columns.length);
      return;
    }
    thrift.integer(1, typeOf(column));
    thrift.integer(3, column.isOptional ? OPTIONAL : REQUIRED);
    thrift.text(4, column.name);
    if (column.type === "text") thrift.integer(6, CONVERTED_UTF8);
  }

  #columnChunk(thrift: ThriftWriter, { start, bytes }: WrittenColumn, column: PlainColumn, rows: number): void {
    thrift.integer64(2, start);
    thrift.struct(3, () => {
      thrift.integer(1, typeOf(column));
      thrift.integers(2, [ENCODING_PLAIN, ENCODING_RLE]);
      thrift.texts(3, [column.name]);
      thrift.integer(4, CODEC_UNCOMPRESSED);
      thrift.integer64(5, rows);
      thrift.integer64(6, bytes);
      thrift.integer64(7, bytes);
      thrift.integer64(9, start);
    });
  }
}

function typeOf({ type }: PlainColumn): number {
  return type === "text" ? TYPE_BYTE_ARRAY : TYPE_INT64;
}

function pageHeader(rows: number, bytes: number): Buffer {
  const thrift = new ThriftWriter();
  thrift.integer(1, DATA_PAGE);
  thrift.integer(2, bytes);
  thrift.integer(3, bytes);
  thrift.struct(5, () => {
    thrift.integer(1, rows);
    thrift.integer(2, ENCODING_PLAIN);
    thrift.integer(3, ENCODING_RLE);
    thrift.integer(4, ENCODING_RLE);
  });
  return thrift.finish();
}

/** One bit-packed run of the hybrid encoding, behind its length. */
function definitionLevels(present: Buffer): Buffer[] {
  const header = varint((present.length << 1) | 1);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length + present.length);
  return [length, header, present];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}
