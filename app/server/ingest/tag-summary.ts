import type { TagSummary } from "#app/server/ingest/batch-catalog.ts";

/** A key with more distinct values than this, or one longer value, prunes nothing and lists none. */
export const MAX_TAG_VALUES = 16;
const MAX_VALUE_BYTES = 64;
export const MAX_TAG_KEYS = 64;

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

interface KeyValues {
  key: Buffer;
  /** JSON texts without quotes; null once they are many or long. */
  values: Buffer[] | null;
}

/** TagSummaryBuilder gathers the distinct tag values of a batch from canonical lines, comparing bytes and decoding at the end. */
export class TagSummaryBuilder {
  #keys: KeyValues[] = [];
  #isComplete = true;

  /** Adds the tags whose opening brace is at `at`. */
  add(bytes: Buffer, at: number): void {
    at++;
    if (bytes[at] !== QUOTE) return;
    // Lines of one service list their tags in one order, so the next key is nearly always the next one known.
    for (let expected = 0; ; expected++) {
      const keyStart = at + 1;
      const keyEnd = endOfString(bytes, keyStart);
      const valueStart = keyEnd + 3;
      const valueEnd = endOfString(bytes, valueStart);
      const entry = this.#keyAt(bytes, keyStart, keyEnd, expected);
      if (entry !== null && entry.values !== null) addValue(entry, bytes, valueStart, valueEnd);
      at = valueEnd + 1;
      if (bytes[at] !== COMMA) return;
      at++;
    }
  }

  build(): TagSummary {
    const keys: [string, string[] | null][] = [];
    for (const { key, values } of this.#keys) {
      keys.push([decode(key), values === null ? null : values.map(decode).sort()]);
    }
    return { complete: this.#isComplete, keys: Object.fromEntries(keys) };
  }

  #keyAt(bytes: Buffer, start: number, end: number, expected: number): KeyValues | null {
    const likely = this.#keys[expected];
    if (likely !== undefined && isSame(likely.key, bytes, start, end)) return likely;
    for (const entry of this.#keys) {
      if (isSame(entry.key, bytes, start, end)) return entry;
    }
    if (this.#keys.length === MAX_TAG_KEYS) {
      this.#isComplete = false;
      return null;
    }
    const added: KeyValues = { key: Buffer.from(bytes.subarray(start, end)), values: [] };
    this.#keys.push(added);
    return added;
  }
}

function addValue(entry: KeyValues, bytes: Buffer, start: number, end: number): void {
  const values = entry.values as Buffer[];
  for (const value of values) {
    if (isSame(value, bytes, start, end)) return;
  }
  // PostgreSQL's jsonb cannot hold NUL, so a value with escapes is not listed.
  const isListable = end - start <= MAX_VALUE_BYTES && bytes.subarray(start, end).indexOf(BACKSLASH) === -1;
  if (!isListable || values.length === MAX_TAG_VALUES) entry.values = null;
  else values.push(Buffer.from(bytes.subarray(start, end)));
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) {
    if (known[i] !== bytes[start + i]) return false;
  }
  return true;
}

function endOfString(bytes: Buffer, at: number): number {
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
}

function decode(text: Buffer): string {
  return JSON.parse(`"${text.toString("utf8")}"`) as string;
}
