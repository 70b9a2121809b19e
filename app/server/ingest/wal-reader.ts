import path from "node:path";
import type { FileHandle, FileSystem } from "#app/server/system/file-system.ts";
import {
  RECORD_HEADER_BYTES,
  RECORD_MARKER_BYTES,
  WAL_FILE_MAGIC,
  WAL_FILE_SUFFIX,
  isChecksumRight,
  readRecordHeader,
} from "#app/server/ingest/wal-format.ts";

/** WalItem is what reading a WAL yields: sound records in order, and the places where something else was. */
export type WalItem =
  | { kind: "record"; sequence: number; payload: Buffer; file: string }
  /** `isTail`: nothing sound follows in the WAL's last file, as after a crash in the middle of a write. */
  | { kind: "damage"; file: string; start: number; end: number; isTail: boolean };

/** walFiles lists a WAL's files, oldest first. */
export async function walFiles(fileSystem: FileSystem, directory: string): Promise<string[]> {
  const names = await fileSystem.list(directory);
  return names.filter((name) => name.endsWith(WAL_FILE_SUFFIX)).map((name) => path.join(directory, name));
}

/**
 * readWal streams the records of a WAL in the order of its files, holding one record at a time. Damaged bytes are skipped
 * to the next sound record and reported; they never end the reading.
 */
export async function* readWal(fileSystem: FileSystem, directory: string): AsyncGenerator<WalItem> {
  const files = await walFiles(fileSystem, directory);
  for (const [i, file] of files.entries()) {
    yield* readWalFile(fileSystem, file, i === files.length - 1);
  }
}

async function* readWalFile(fileSystem: FileSystem, file: string, isLastFile: boolean): AsyncGenerator<WalItem> {
  const handle = await fileSystem.open(file, "read");
  try {
    const sizeBytes = await handle.sizeBytes();
    const window = new FileWindow(handle, sizeBytes);
    let at = 0;
    const magic = await window.read(0, WAL_FILE_MAGIC.length);
    if (magic.equals(WAL_FILE_MAGIC)) at = WAL_FILE_MAGIC.length;
    while (at < sizeBytes) {
      const record = await readRecordAt(window, at);
      if (record !== null) {
        yield { kind: "record", sequence: record.sequence, payload: record.payload, file };
        at = record.end;
        continue;
      }
      const next = await findRecord(window, at + 1, sizeBytes);
      yield { kind: "damage", file, start: at, end: next ?? sizeBytes, isTail: next === null && isLastFile };
      at = next ?? sizeBytes;
    }
  } finally {
    await handle.close();
  }
}

async function readRecordAt(
  window: FileWindow,
  at: number,
): Promise<{ sequence: number; payload: Buffer; end: number } | null> {
  const headerBytes = await window.read(at, RECORD_HEADER_BYTES);
  const header = readRecordHeader(headerBytes, 0);
  if (header === null || at + RECORD_HEADER_BYTES + header.payloadBytes > window.sizeBytes) return null;
  const payload = await window.read(at + RECORD_HEADER_BYTES, header.payloadBytes);
  if (!isChecksumRight(header, headerBytes, payload)) return null;
  return { sequence: header.sequence, payload, end: at + RECORD_HEADER_BYTES + header.payloadBytes };
}

/** findRecord returns the offset of the next sound record at or behind `from`, or null. */
async function findRecord(window: FileWindow, from: number, sizeBytes: number): Promise<number | null> {
  for (let at = from; at < sizeBytes;) {
    const bytes = await window.read(at, WINDOW_BYTES);
    const found = bytes.indexOf(RECORD_MARKER_BYTES);
    if (found === -1) {
      // A marker can lie across the border of two windows.
      at += Math.max(1, bytes.length - RECORD_MARKER_BYTES.length + 1);
      continue;
    }
    at += found;
    if ((await readRecordAt(window, at)) !== null) return at;
    at++;
  }
  return null;
}

const WINDOW_BYTES = 1024 * 1024;

/** FileWindow reads a file in large steps and hands out copies, which stay valid when the window moves on. */
class FileWindow {
  readonly sizeBytes: number;
  readonly #handle: FileHandle;
  #bytes = Buffer.alloc(0);
  #start = 0;

  constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  /** Up to `length` bytes from `position` on, fewer only at the end of the file. */
  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.sizeBytes - position));
    const isInside = position >= this.#start && position + wanted <= this.#start + this.#bytes.length;
    if (!isInside) {
      const window = Buffer.allocUnsafe(Math.min(Math.max(wanted, WINDOW_BYTES), this.sizeBytes - position));
      const bytesRead = await this.#handle.read(window, position);
      this.#bytes = window.subarray(0, bytesRead);
      this.#start = position;
    }
    return Buffer.from(this.#bytes.subarray(position - this.#start, position - this.#start + wanted));
  }
}
