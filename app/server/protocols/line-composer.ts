import { isUtf8 } from "node:buffer";
import type { EntryBlockBuilder, LevelSegment, ServiceSegment } from "#app/server/ingest/entry-block.ts";
import { MAX_MESSAGE_BYTES, MAX_TAG_KEY_BYTES } from "#app/server/ingest/entry-limits.ts";

/** More tags than this take the general path, where a Map finds duplicate keys. */
const MAX_COMPOSED_TAGS = 32;
/** Longer texts take the general path, which knows the limits of an entry. */
const MAX_COMPOSED_TEXT_BYTES = 64 * 1024;

const PLAIN = 0;
const ESCAPED = 1;
const NOT_ASCII = 2;

/** What JSON.stringify does with a byte. */
const KIND_OF_BYTE = new Uint8Array(256);
KIND_OF_BYTE.fill(ESCAPED, 0, 32);
KIND_OF_BYTE[34] = ESCAPED;
KIND_OF_BYTE[92] = ESCAPED;
KIND_OF_BYTE.fill(NOT_ASCII, 128);

const ESCAPES = Array.from({ length: 93 }, (_, byte) =>
  Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1)),
);
const LONGEST_ESCAPE_BYTES = 6;

const TAGS_START = Buffer.from('","tags":{');
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const CLOSE_BRACE = 125;
const TIMESTAMP_BYTES = 30;

/** TagPrefix is tags that many entries share, spelled once. */
export interface TagPrefix {
  /** `"key":"value"` with commas between; empty when there are none. */
  bytes: Buffer;
  keys: Buffer[];
}

/** tagPrefixOf spells tags; their names must be clean and all texts well-formed. */
export function tagPrefixOf(tags: ReadonlyMap<string, string>): TagPrefix {
  const text = [...tags].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",");
  return { bytes: Buffer.from(text), keys: [...tags.keys()].map((key) => Buffer.from(key)) };
}

/**
 * LineComposer writes an entry's timestamp, message and tags as a canonical line has them, straight from slices of a request's
 * bytes, and hands them to the builder. Making strings of them first would cost more than everything else. Each step
 * returns false when the entry needs a closer look (bad UTF-8, names with control characters, equal keys, great length):
 * the caller then takes the general path, which decides the same for all senders.
 */
export class LineComposer {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;
  readonly #slices = { timestampStart: 0, timestampEnd: 0, messageStart: 0, messageEnd: 0, tagsStart: 0, tagsEnd: 0 };
  readonly #keySources: Buffer[] = Array.from({ length: MAX_COMPOSED_TAGS }, () => TAGS_START);
  readonly #keyStarts = new Uint32Array(MAX_COMPOSED_TAGS);
  readonly #keyEnds = new Uint32Array(MAX_COMPOSED_TAGS);
  #tagCount = 0;
  #ms = 0;
  #subMsNs = 0;
  /** Neighbouring lines mostly share their second; its text is at the start of `#bytes` already. */
  #secondMs = -1;

  /** begin starts an entry; the time must be a sound one. */
  begin(ms: number, subMsNs: number, message: Buffer, start: number, end: number): boolean {
    if (end - start > MAX_COMPOSED_TEXT_BYTES || end - start > MAX_MESSAGE_BYTES) return false;
    this.#ms = ms;
    this.#subMsNs = subMsNs;
    this.#slices.timestampEnd = this.#writeTimestamp(ms, subMsNs);
    this.#slices.messageStart = this.#at = TIMESTAMP_BYTES;
    this.#reserve((end - start) * LONGEST_ESCAPE_BYTES + TAGS_START.length);
    if (!this.#writeText(message, start, end)) return false;
    this.#slices.messageEnd = this.#at;
    this.#slices.tagsStart = this.#at + TAGS_START.length - 1;
    this.#at += TAGS_START.copy(this.#bytes, this.#at);
    this.#tagCount = 0;
    return true;
  }

  /** prefix adds tags that many entries share; before any other tag. */
  prefix({ bytes, keys }: TagPrefix): boolean {
    if (keys.length === 0) return true;
    if (keys.length > MAX_COMPOSED_TAGS) return false;
    this.#reserve(bytes.length);
    this.#at += bytes.copy(this.#bytes, this.#at);
    for (const key of keys) this.#noteKey(key, 0, key.length);
    return true;
  }

  tag(keys: Buffer, keyStart: number, keyEnd: number, values: Buffer, start: number, end: number): boolean {
    const keyLength = keyEnd - keyStart;
    if (keyLength === 0 || keyLength > MAX_TAG_KEY_BYTES || end - start > MAX_COMPOSED_TEXT_BYTES) return false;
    if (this.#tagCount === MAX_COMPOSED_TAGS || this.#hasKey(keys, keyStart, keyEnd)) return false;
    this.#reserve(keyLength + (end - start) * LONGEST_ESCAPE_BYTES + 8);
    const bytes = this.#bytes;
    let at = this.#at;
    if (this.#tagCount > 0) bytes[at++] = COMMA;
    bytes[at++] = QUOTE;
    for (let from = keyStart; from < keyEnd; from++) {
      const byte = keys[from] as number;
      // Escapes, DEL and everything that is not ASCII: names are cleaned of C1 controls too.
      if (KIND_OF_BYTE[byte] !== PLAIN || byte === 127) return false;
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    bytes[at++] = COLON;
    bytes[at++] = QUOTE;
    this.#at = at;
    if (!this.#writeText(values, start, end)) return false;
    this.#bytes[this.#at++] = QUOTE;
    this.#noteKey(keys, keyStart, keyEnd);
    return true;
  }

  /** hexTag adds a tag whose value is bytes in hexadecimal. */
  hexTag(key: Buffer, values: Buffer, start: number, end: number): boolean {
    let at = 0;
    for (let from = start; from < end && at < HEX_SCRATCH.length; from++) {
      const byte = values[from] as number;
      HEX_SCRATCH[at++] = HEX_DIGITS[byte >> 4] as number;
      HEX_SCRATCH[at++] = HEX_DIGITS[byte & 15] as number;
    }
    return at === (end - start) * 2 && this.tag(key, 0, key.length, HEX_SCRATCH, 0, at);
  }

  finish(builder: EntryBlockBuilder, service: ServiceSegment, level: LevelSegment): void {
    this.#bytes[this.#at++] = CLOSE_BRACE;
    this.#slices.tagsEnd = this.#at;
    builder.addSlices(this.#bytes, this.#slices, this.#ms, this.#subMsNs, service, level);
  }

  #writeText(source: Buffer, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    let seen = 0;
    for (let from = start; from < end; from++) {
      const byte = source[from] as number;
      const kind = KIND_OF_BYTE[byte] as number;
      if (kind === ESCAPED) at += (ESCAPES[byte] as Buffer).copy(bytes, at);
      else {
        bytes[at++] = byte;
        seen |= kind;
      }
    }
    this.#at = at;
    return seen === PLAIN || isUtf8(source.subarray(start, end));
  }

  #writeTimestamp(ms: number, subMsNs: number): number {
    const secondMs = ms - (ms % 1000);
    if (secondMs !== this.#secondMs) {
      this.#bytes.write(new Date(secondMs).toISOString(), 0, "latin1");
      this.#secondMs = secondMs;
    }
    const bytes = this.#bytes;
    const dot = 20;
    writeThreeDigits(bytes, dot, ms % 1000);
    let at = dot + 3;
    if (subMsNs !== 0) {
      writeThreeDigits(bytes, at, Math.floor(subMsNs / 1000));
      at += 3;
      if (subMsNs % 1000 !== 0) {
        writeThreeDigits(bytes, at, subMsNs % 1000);
        at += 3;
      }
    }
    bytes[at++] = 90;
    return at;
  }

  #noteKey(source: Buffer, start: number, end: number): void {
    this.#keySources[this.#tagCount] = source;
    this.#keyStarts[this.#tagCount] = start;
    this.#keyEnds[this.#tagCount] = end;
    this.#tagCount++;
  }

  #hasKey(source: Buffer, start: number, end: number): boolean {
    const length = end - start;
    for (let i = 0; i < this.#tagCount; i++) {
      const otherStart = this.#keyStarts[i] as number;
      if ((this.#keyEnds[i] as number) - otherStart !== length) continue;
      const other = this.#keySources[i] as Buffer;
      let same = 0;
      while (same < length && source[start + same] === other[otherStart + same]) same++;
      if (same === length) return true;
    }
    return false;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes + 1 <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe((this.#at + bytes) * 2);
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

const HEX_DIGITS = Buffer.from("0123456789abcdef");
const HEX_SCRATCH = Buffer.alloc(64);

function writeThreeDigits(bytes: Buffer, at: number, value: number): void {
  bytes[at] = 48 + Math.floor(value / 100);
  bytes[at + 1] = 48 + (Math.floor(value / 10) % 10);
  bytes[at + 2] = 48 + (value % 10);
}
