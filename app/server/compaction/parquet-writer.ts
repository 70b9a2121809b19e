import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import binding from "zstd-napi/binding.js";
import type { ColumnPages, ParquetColumn } from "#app/server/compaction/column-pages.ts";
import {
  dataPageHeader,
  dictionaryPageHeader,
  ENCODING_DELTA_BINARY_PACKED,
  ENCODING_DELTA_LENGTH_BYTE_ARRAY,
  ENCODING_RLE_DICTIONARY,
  encodeFooter,
  type ColumnChunk,
  type RowGroupChunks,
} from "#app/server/compaction/parquet-footer.ts";

/** On logs higher ones up to 5 are both slower and larger. */
const COMPRESSION_LEVEL = 1;
const MAGIC = Buffer.from("PAR1", "latin1");

/** WrittenRowGroup is where a row group is in the file. */
export interface WrittenRowGroup {
  start: number;
  bytes: number;
  sha256: string;
}

/**
 * ParquetWriter writes the file of an object, a row group after another: of each column a page of data and, where that
 * points to one, a dictionary, compressed with zstd. Only one row group's compressed pages are in memory.
 */
export class ParquetWriter {
  readonly #target: FileHandle;
  readonly #columns: readonly ParquetColumn[];
  readonly #rowGroups: RowGroupChunks[] = [];
  readonly #compressor = new binding.CCtx();
  readonly #hash = createHash("sha256");
  #compressed = Buffer.alloc(0);
  #written = 0;

  constructor(target: FileHandle, columns: readonly ParquetColumn[]) {
    this.#target = target;
    this.#columns = columns;
  }

  async begin(): Promise<void> {
    await this.#write(MAGIC);
  }

  /** Takes the pages of each column, in their order, before it asks for the next. */
  async addRowGroup(rows: number, columns: Iterable<ColumnPages>): Promise<WrittenRowGroup> {
    const start = this.#written;
    const pieces: Buffer[] = [];
    const chunks: ColumnChunk[] = [];
    let end = start;
    for (const pages of columns) {
      const chunk = this.#addChunk(pages, rows, end, (this.#columns[chunks.length] as ParquetColumn).type, pieces);
      chunks.push(chunk);
      end += chunk.bytes;
    }
    this.#rowGroups.push({ rows, chunks });
    const rowGroup = Buffer.concat(pieces);
    await this.#write(rowGroup);
    return { start, bytes: rowGroup.length, sha256: createHash("sha256").update(rowGroup).digest("hex") };
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#written;
  }

  /** The end of the file, with its length and magic. */
  footer(): Buffer {
    const metadata = encodeFooter(this.#columns, this.#rowGroups);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(metadata.length);
    return Buffer.concat([metadata, length, MAGIC]);
  }

  /** Writes what stands behind the row groups, and returns size and hash of the file. */
  async end(tail: Buffer): Promise<{ bytes: number; sha256: string }> {
    await this.#write(tail);
    return { bytes: this.#written, sha256: this.#hash.digest("hex") };
  }

  #addChunk(
    { dictionary, data, nulls, range }: ColumnPages,
    rows: number,
    start: number,
    type: ParquetColumn["type"],
    pieces: Buffer[],
  ): ColumnChunk {
    const first = pieces.length;
    let rawBytes = 0;
    let dictionaryBytes = 0;
    if (dictionary !== null) {
      const page = this.#compress(dictionary.page);
      const sizes = { values: dictionary.values, rawBytes: dictionary.page.length, bytes: page.length };
      const header = dictionaryPageHeader(sizes);
      pieces.push(header, page);
      rawBytes = header.length + sizes.rawBytes;
      dictionaryBytes = header.length + page.length;
    }
    const page = this.#compress(data);
    const encoding = encodingOf(dictionary !== null, type);
    const header = dataPageHeader({ values: rows, rawBytes: data.length, bytes: page.length }, encoding);
    pieces.push(header, page);
    return {
      dictionaryStart: dictionary === null ? null : start,
      dataStart: start + dictionaryBytes,
      encoding,
      rawBytes: rawBytes + header.length + data.length,
      bytes: pieces.slice(first).reduce((sum, piece) => sum + piece.length, 0),
      nulls,
      range,
    };
  }

  #compress(page: Buffer): Buffer {
    const most = binding.compressBound(page.length);
    if (this.#compressed.length < most) this.#compressed = Buffer.allocUnsafeSlow(most);
    const bytes = this.#compressor.compress(this.#compressed, page, COMPRESSION_LEVEL);
    return Buffer.from(this.#compressed.subarray(0, bytes));
  }

  async #write(bytes: Buffer): Promise<void> {
    const { bytesWritten } = await this.#target.write(bytes, 0, bytes.length, this.#written);
    if (bytesWritten !== bytes.length)
      throw new Error(`cannot write a compacted object: ${bytesWritten} of ${bytes.length} bytes fit`);
    this.#hash.update(bytes);
    this.#written += bytesWritten;
  }
}

function encodingOf(hasDictionary: boolean, type: ParquetColumn["type"]): number {
  if (hasDictionary) return ENCODING_RLE_DICTIONARY;
  return type === "text" ? ENCODING_DELTA_LENGTH_BYTE_ARRAY : ENCODING_DELTA_BINARY_PACKED;
}
