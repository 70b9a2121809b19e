import type { LineSlices } from "#app/server/ingest/canonical-line.ts";

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
/** Up to this many wanted keys are compared byte by byte with each key of a line; more are looked up. */
const MAX_COMPARED_KEYS = 4;

/**
 * Line is the canonical line that a matcher looks at. Conditions share it, so that no part of a line is decoded, folded
 * or searched for tags more than once.
 */
export interface Line {
  bytes: Buffer;
  slices: LineSlices;
  /** Null until somebody asks. */
  message: string | null;
  folded: string | null;
  hasTags: boolean;
  /** Places of the wanted tags' values between their quotes; start 0 for those that are not there. */
  tagStarts: Uint32Array;
  tagEnds: Uint32Array;
  readonly tagKeys: TagKeys;
}

/** TagKeys are the keys that a query asks for; a key's index is its slot in a Line. */
interface TagKeys {
  canonical: Buffer[];
  slots: Map<string, number>;
}

export function createLine(keys: readonly string[], slices: LineSlices): Line {
  const canonical = keys.map(canonicalText);
  return {
    bytes: Buffer.alloc(0),
    slices,
    message: null,
    folded: null,
    hasTags: false,
    tagStarts: new Uint32Array(keys.length),
    tagEnds: new Uint32Array(keys.length),
    tagKeys: { canonical, slots: new Map(canonical.map((key, slot) => [key.toString("latin1"), slot])) },
  };
}

export function resetLine(line: Line, bytes: Buffer, slices: LineSlices): void {
  line.bytes = bytes;
  line.slices = slices;
  line.message = null;
  line.folded = null;
  line.hasTags = false;
}

export function messageOf(line: Line): string {
  return (line.message ??= decodeText(line.bytes, line.slices.messageStart, line.slices.messageEnd));
}

/** hasTag finds the tag in a slot; its place is then in `tagStarts` and `tagEnds`. */
export function hasTag(line: Line, slot: number): boolean {
  if (!line.hasTags) findTags(line);
  return line.tagStarts[slot] !== 0;
}

function findTags(line: Line): void {
  const { bytes, slices, tagStarts, tagEnds } = line;
  line.hasTags = true;
  tagStarts.fill(0);
  for (let at = slices.tagsStart + 1; bytes[at] === QUOTE;) {
    const keyStart = at + 1;
    const keyEnd = endOfText(bytes, keyStart);
    const valueStart = keyEnd + 3;
    const valueEnd = endOfText(bytes, valueStart);
    const slot = slotOf(line.tagKeys, bytes, keyStart, keyEnd);
    if (slot !== -1) {
      tagStarts[slot] = valueStart;
      tagEnds[slot] = valueEnd;
    }
    at = valueEnd + 1;
    if (bytes[at] === COMMA) at++;
  }
}

function slotOf({ canonical, slots }: TagKeys, bytes: Buffer, start: number, end: number): number {
  if (canonical.length > MAX_COMPARED_KEYS) return slots.get(bytes.toString("latin1", start, end)) ?? -1;
  for (let slot = 0; slot < canonical.length; slot++) {
    if (isText(bytes, start, end, canonical[slot] as Buffer)) return slot;
  }
  return -1;
}

function endOfText(bytes: Buffer, at: number): number {
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
}

/** decodeText is the text of a canonical JSON string, given the place between its quotes. */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

/** canonicalText is a text as it stands between the quotes in a canonical line; equal texts have equal bytes. */
export function canonicalText(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}

export function isText(bytes: Buffer, start: number, end: number, text: Buffer): boolean {
  const { length } = text;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== text[i]) return false;
  }
  return true;
}
