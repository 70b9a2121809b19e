import { BodyError } from "#app/server/protocols/read-body.ts";

/** JournalEntry is the fields of one entry in their order; a name may come more than once. */
export interface JournalEntry {
  fields: [name: string, value: Buffer][];
  /** A field was too large to keep. */
  isCut: boolean;
}

/** Larger fields are left out: core dumps of hundreds of megabytes are fields too. */
export const MAX_FIELD_BYTES = 1024 * 1024;
/** All fields of one entry; what comes beyond is left out. */
const MAX_ENTRY_BYTES = 2 * 1024 * 1024;
const NAME = /^[A-Z0-9_]{1,64}$/;
const LENGTH_BYTES = 8;
const LF = 10;
const EQUALS = 61;

/**
 * JournalReader reads the journal's export format (https://systemd.io/JOURNAL_EXPORT_FORMATS) in whatever pieces it arrives:
 * `KEY=value` lines, or `KEY`, a length in 8 bytes little endian, that many bytes and a line feed; a blank line ends an entry.
 * It holds one field at most beside the entry that is being read.
 */
export class JournalReader {
  readonly #onEntry: (entry: JournalEntry) => void;
  #rest: Buffer = Buffer.alloc(0);
  #entry: JournalEntry = { fields: [], isCut: false };
  #entryBytes = 0;
  /** Bytes of a field that is left out, still to come. */
  #skipBytes = 0;
  #isSkippingLine = false;

  constructor(onEntry: (entry: JournalEntry) => void) {
    this.#onEntry = onEntry;
  }

  /** Throws BodyError when the bytes are not of the format. */
  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const next = this.#skip(bytes) ?? this.#takeField(bytes);
      if (next === null) break;
      bytes = next;
    }
    this.#rest = bytes;
  }

  /** The stream ended in good order: its last entry may lack its blank line. */
  end(): void {
    if (this.#rest.length > 0 || this.#skipBytes > 0) throw new BodyError(400, "it ends inside a field");
    this.#finishEntry();
  }

  /** Returns what is behind the bytes that are left out, or null when there are none. */
  #skip(bytes: Buffer): Buffer | null {
    if (bytes.length === 0) return null;
    if (this.#skipBytes > 0) {
      const skipped = Math.min(this.#skipBytes, bytes.length);
      this.#skipBytes -= skipped;
      return bytes.subarray(skipped);
    }
    if (!this.#isSkippingLine) return null;
    const end = bytes.indexOf(LF);
    this.#isSkippingLine = end === -1;
    return end === -1 ? bytes.subarray(bytes.length) : bytes.subarray(end + 1);
  }

  /** Returns what is behind the field, or null when it is not there as a whole. */
  #takeField(bytes: Buffer): Buffer | null {
    const end = bytes.indexOf(LF);
    if (end === -1) return bytes.length > MAX_FIELD_BYTES ? this.#leaveOutLine(bytes) : null;
    if (end === 0) {
      this.#finishEntry();
      return bytes.subarray(1);
    }
    const equals = bytes.indexOf(EQUALS);
    if (equals !== -1 && equals < end) {
      this.#addField(bytes.toString("latin1", 0, equals), bytes.subarray(equals + 1, end));
      return bytes.subarray(end + 1);
    }
    return this.#takeBinaryField(bytes, end);
  }

  #takeBinaryField(bytes: Buffer, nameEnd: number): Buffer | null {
    const start = nameEnd + 1 + LENGTH_BYTES;
    const name = bytes.toString("latin1", 0, nameEnd);
    if (!NAME.test(name)) throw new BodyError(400, "it is not the journal's export format: a field has no sound name");
    if (bytes.length < start) return null;
    const length = bytes.readUInt32LE(nameEnd + 1) + bytes.readUInt32LE(nameEnd + 5) * 2 ** 32;
    if (length > MAX_FIELD_BYTES) {
      this.#entry.isCut = true;
      this.#skipBytes = length + 1;
      return bytes.subarray(start);
    }
    const end = start + length;
    if (bytes.length <= end) return null;
    if (bytes[end] !== LF) throw new BodyError(400, "it is not the journal's export format: a field does not end");
    this.#addField(name, bytes.subarray(start, end));
    return bytes.subarray(end + 1);
  }

  #leaveOutLine(bytes: Buffer): Buffer {
    this.#entry.isCut = true;
    this.#isSkippingLine = true;
    return bytes.subarray(bytes.length);
  }

  #addField(name: string, value: Buffer): void {
    if (!NAME.test(name)) throw new BodyError(400, "it is not the journal's export format: a field has no sound name");
    // The journal's own bookkeeping, but for the time.
    if (name.startsWith("__") && name !== "__REALTIME_TIMESTAMP") return;
    this.#entryBytes += name.length + value.length;
    if (this.#entryBytes > MAX_ENTRY_BYTES) this.#entry.isCut = true;
    // A copy, or the entry would hold on to the chunk it came in.
    else this.#entry.fields.push([name, Buffer.from(value)]);
  }

  #finishEntry(): void {
    const entry = this.#entry;
    this.#entry = { fields: [], isCut: false };
    this.#entryBytes = 0;
    if (entry.fields.length > 0) this.#onEntry(entry);
  }
}
