import { isUtf8 } from "node:buffer";
import { LEVELS, type Level } from "#app/core/level.ts";
import { createBlockColumns } from "#app/server/ingest/block-columns.ts";
import { LINE_START, levelSegment, serviceSegment, type EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { MAX_TAG_KEY_BYTES } from "#app/server/ingest/entry-limits.ts";

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
const LF = 10;
const LETTER_Z = 90;
/** `2026-11-25T04:30:00.`, and room for it with its fraction and the texts around it. */
const SECOND_BYTES = 20;
const HEAD_BYTES = 64;
const LINE_END_BYTES = 3;

/** Lines are handed over before they are many; a line in hand may still make the buffer larger. */
const MAX_LINES = 1024;
const FLUSH_BYTES = 512 * 1024;
const FIRST_BYTES = 64 * 1024;

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

/** Piece is bytes that many lines share, and what stands for them in the block's columns. */
export interface Piece {
  bytes: Buffer;
  number: number;
}

/** servicePiece is a service's piece of a line; its number is for one block. */
export function servicePiece(builder: EntryBlockBuilder, service: string): Piece {
  return { bytes: serviceSegment(service), number: builder.serviceNumber(service) };
}

/** levelPiece is a level's piece of a line, with the sender's spelling when that differs. */
export function levelPiece(level: Level, levelOriginal: string | null): Piece {
  return { bytes: levelSegment(level, levelOriginal ?? ""), number: LEVELS.indexOf(level) };
}

/**
 * LineComposer writes canonical lines straight from slices of a request's bytes, many before it hands them to the builder.
 * Making strings of the slices first would cost more than everything else. Each step returns false when the entry needs a
 * closer look (bad UTF-8, names with control characters, equal keys, great length): the caller then takes the general
 * path, which decides the same for all senders.
 */
export class LineComposer {
  readonly #builder: EntryBlockBuilder;
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  readonly #columns = createBlockColumns(MAX_LINES);
  #lines = 0;
  #maxLineBytes = 0;
  #minMs = Infinity;
  #maxMs = -Infinity;
  /** Where the line that is being written begins, and where its next byte goes. */
  #lineStart = 0;
  #at = 0;
  #tagsStart = 0;
  readonly #keySources: Buffer[] = Array.from({ length: MAX_COMPOSED_TAGS }, () => TAGS_START);
  readonly #keyStarts = new Uint32Array(MAX_COMPOSED_TAGS);
  readonly #keyEnds = new Uint32Array(MAX_COMPOSED_TAGS);
  #tagCount = 0;
  /** Neighbouring lines mostly share their second, and its text. */
  readonly #second = Buffer.from(new Date(0).toISOString().slice(0, SECOND_BYTES));
  #secondMs = 0;

  constructor(builder: EntryBlockBuilder) {
    this.#builder = builder;
  }

  /** begin starts an entry, in place of one that was not finished; the time must be a sound one. */
  begin(ms: number, subMsNs: number, service: Piece, level: Piece, text: Buffer, start: number, end: number): boolean {
    if (end - start > MAX_COMPOSED_TEXT_BYTES) return false;
    this.#at = this.#lineStart;
    this.#reserve(HEAD_BYTES + service.bytes.length + level.bytes.length + (end - start) * LONGEST_ESCAPE_BYTES);
    this.#write(LINE_START);
    this.#writeTimestamp(ms, subMsNs);
    this.#write(service.bytes);
    this.#write(level.bytes);
    if (!this.#writeText(text, start, end)) return false;
    this.#tagsStart = this.#at + TAGS_START.length - 1;
    this.#write(TAGS_START);
    this.#tagCount = 0;
    const i = this.#lines;
    this.#columns.ms[i] = ms;
    this.#columns.subMsNs[i] = subMsNs;
    this.#columns.serviceOf[i] = service.number;
    this.#columns.levelOf[i] = level.number;
    return true;
  }

  /** prefix adds tags that many entries share; before any other tag. */
  prefix({ bytes, keys }: TagPrefix): boolean {
    if (keys.length === 0) return true;
    if (keys.length > MAX_COMPOSED_TAGS) return false;
    this.#reserve(bytes.length);
    this.#write(bytes);
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

  finish(): void {
    const i = this.#lines++;
    this.#bytes[this.#at++] = CLOSE_BRACE;
    this.#bytes[this.#at++] = CLOSE_BRACE;
    this.#bytes[this.#at++] = LF;
    this.#maxLineBytes = Math.max(this.#maxLineBytes, this.#at - this.#lineStart);
    this.#minMs = Math.min(this.#minMs, this.#columns.ms[i] as number);
    this.#maxMs = Math.max(this.#maxMs, this.#columns.ms[i] as number);
    const held = this.#builder.sizeBytes;
    this.#columns.ends[i] = held + this.#at;
    this.#columns.tagsStart[i] = held + this.#tagsStart;
    this.#lineStart = this.#at;
    if (this.#lines === MAX_LINES || this.#at > FLUSH_BYTES) this.flush();
  }

  /** flush moves what was written into the block; everything that is added to it otherwise comes after. */
  flush(): void {
    if (this.#lines === 0) return;
    this.#builder.addLines({
      ...this.#columns,
      count: this.#lines,
      bytes: this.#bytes.subarray(0, this.#lineStart),
      maxLineBytes: this.#maxLineBytes,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
    });
    this.#lines = this.#lineStart = this.#at = this.#maxLineBytes = 0;
    this.#minMs = Infinity;
    this.#maxMs = -Infinity;
  }

  #write(piece: Buffer): void {
    this.#at = copyPlain(piece, 0, piece.length, this.#bytes, this.#at);
  }

  #writeText(source: Buffer, start: number, end: number): boolean {
    // Most of a text stands for itself: it is looked at four bytes at a time and copied as a whole.
    let from = start;
    while (from + 4 <= end && isPlain(source, from)) from += 4;
    this.#at = copyPlain(source, start, from, this.#bytes, this.#at);
    return from === end || this.#writeMixed(source, from, end);
  }

  #writeMixed(source: Buffer, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    let seen = 0;
    for (let from = start; from < end; from++) {
      const byte = source[from] as number;
      const kind = KIND_OF_BYTE[byte] as number;
      if (kind === ESCAPED) {
        const escape = ESCAPES[byte] as Buffer;
        for (let i = 0; i < escape.length; i++) bytes[at++] = escape[i] as number;
      } else {
        bytes[at++] = byte;
        seen |= kind;
      }
    }
    this.#at = at;
    return seen === PLAIN || isUtf8(source.subarray(start, end));
  }

  #writeTimestamp(ms: number, subMsNs: number): void {
    const secondMs = ms - (ms % 1000);
    if (secondMs !== this.#secondMs) {
      this.#second.write(new Date(secondMs).toISOString(), 0, SECOND_BYTES, "latin1");
      this.#secondMs = secondMs;
    }
    this.#write(this.#second);
    const bytes = this.#bytes;
    writeThreeDigits(bytes, this.#at, ms % 1000);
    this.#at += 3;
    if (subMsNs !== 0) {
      writeThreeDigits(bytes, this.#at, Math.floor(subMsNs / 1000));
      this.#at += 3;
      if (subMsNs % 1000 !== 0) {
        writeThreeDigits(bytes, this.#at, subMsNs % 1000);
        this.#at += 3;
      }
    }
    bytes[this.#at++] = LETTER_Z;
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
    if (this.#at + bytes + LINE_END_BYTES <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow((this.#at + bytes) * 2);
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function isPlain(bytes: Buffer, at: number): boolean {
  return (
    ((KIND_OF_BYTE[bytes[at] as number] as number) |
      (KIND_OF_BYTE[bytes[at + 1] as number] as number) |
      (KIND_OF_BYTE[bytes[at + 2] as number] as number) |
      (KIND_OF_BYTE[bytes[at + 3] as number] as number)) ===
    PLAIN
  );
}

/** Below this many bytes a loop beats the call into the runtime. */
const LOOP_COPY_BYTES = 48;

function copyPlain(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (end - start > LOOP_COPY_BYTES) {
    source.copy(target, at, start, end);
    return at + end - start;
  }
  for (let from = start; from < end; from++) target[at++] = source[from] as number;
  return at;
}

const HEX_DIGITS = Buffer.from("0123456789abcdef");
const HEX_SCRATCH = Buffer.alloc(64);

function writeThreeDigits(bytes: Buffer, at: number, value: number): void {
  bytes[at] = 48 + Math.floor(value / 100);
  bytes[at + 1] = 48 + (Math.floor(value / 10) % 10);
  bytes[at + 2] = 48 + (value % 10);
}
