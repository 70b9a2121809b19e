import { LEVELS } from "#app/core/level.ts";
import { dateToMs } from "#app/core/timestamp.ts";
import { createBlockColumns } from "#app/server/ingest/block-columns.ts";
import { LINE_START, type EntryBlock } from "#app/server/ingest/entry-block.ts";

/** LineSlices are the places of a canonical line's parts: text inside its quotes, tags with their braces. */
export interface LineSlices {
  timestampStart: number;
  timestampEnd: number;
  serviceStart: number;
  serviceEnd: number;
  levelStart: number;
  levelEnd: number;
  /** Both 0 when the line has none. */
  levelOriginalStart: number;
  levelOriginalEnd: number;
  messageStart: number;
  messageEnd: number;
  tagsStart: number;
  tagsEnd: number;
}

const QUOTE = 34;
const BACKSLASH = 92;
const SERVICE = Buffer.from('","service":"').length;
const LEVEL = Buffer.from('","level":"').length;
/** `","levelOriginal":"` and `","message":"` differ in their fourth byte. */
const LEVEL_ORIGINAL = Buffer.from('","levelOriginal":"').length;
const MESSAGE = Buffer.from('","message":"').length;
const TAGS = Buffer.from('","tags":').length;
const LETTER_L = 108;

export function emptySlices(): LineSlices {
  return {
    timestampStart: 0,
    timestampEnd: 0,
    serviceStart: 0,
    serviceEnd: 0,
    levelStart: 0,
    levelEnd: 0,
    levelOriginalStart: 0,
    levelOriginalEnd: 0,
    messageStart: 0,
    messageEnd: 0,
    tagsStart: 0,
    tagsEnd: 0,
  };
}

/**
 * sliceLine finds the parts of the canonical line whose `"timestamp"` begins at `start` (behind `{`, or behind the id of
 * a stored line) and whose closing brace is the byte before `end`. The bytes were checked by a checksum before, so it
 * trusts the form that `entry-block.ts` writes.
 */
export function sliceLine(bytes: Buffer, start: number, end: number, slices: LineSlices): void {
  let at = start + LINE_START.length - 1;
  slices.timestampStart = at;
  while (bytes[at] !== QUOTE) at++;
  slices.timestampEnd = at;
  slices.serviceStart = at += SERVICE;
  slices.serviceEnd = at = endOfString(bytes, at);
  slices.levelStart = at += LEVEL;
  while (bytes[at] !== QUOTE) at++;
  slices.levelEnd = at;
  slices.levelOriginalStart = slices.levelOriginalEnd = 0;
  if (bytes[at + 3] === LETTER_L) {
    slices.levelOriginalStart = at += LEVEL_ORIGINAL;
    slices.levelOriginalEnd = at = endOfString(bytes, at);
  }
  slices.messageStart = at += MESSAGE;
  slices.messageEnd = at = endOfString(bytes, at);
  slices.tagsStart = at + TAGS;
  slices.tagsEnd = end - 1;
}

/** Up to here a loop is quicker than a call into the runtime, which then is ten times as quick. */
const NEAR_BYTES = 512;

function endOfString(bytes: Buffer, at: number): number {
  for (const far = at + NEAR_BYTES; at < far;) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    let escapes = quote;
    while (escapes > at && bytes[escapes - 1] === BACKSLASH) escapes--;
    if ((quote - escapes) % 2 === 0) return quote;
    at = quote + 1;
  }
}

/** TimestampReader reads canonical timestamps without allocating; `ms` and `subMsNs` hold the last one read. */
export interface TimestampReader {
  ms: number;
  subMsNs: number;
  /** Returns false when `bytes[start, end)` is not `YYYY-MM-DDTHH:MM:SS.fff[fff[fff]]Z` with the fewest digits. */
  read(bytes: Buffer, start: number, end: number): boolean;
}

export function createTimestampReader(): TimestampReader {
  // Neighbouring lines nearly always share their day.
  let lastDay = -1;
  let lastDayMs = 0;
  return {
    ms: 0,
    subMsNs: 0,
    read(bytes, start, end) {
      const length = end - start;
      if ((length !== 24 && length !== 27 && length !== 30) || bytes[end - 1] !== 90 || bytes[start + 19] !== 46)
        return false;
      if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45 || bytes[start + 10] !== 84) return false;
      if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58) return false;
      const year = digits(bytes, start, 4);
      const monthDay = digits(bytes, start + 5, 2) * 100 + digits(bytes, start + 8, 2);
      const hour = digits(bytes, start + 11, 2);
      const minute = digits(bytes, start + 14, 2);
      const second = digits(bytes, start + 17, 2);
      const millis = digits(bytes, start + 20, 3);
      let subMsNs = 0;
      if (length === 27) {
        subMsNs = digits(bytes, start + 23, 3) * 1000;
        if (subMsNs === 0) return false;
      } else if (length === 30) {
        subMsNs = digits(bytes, start + 23, 6);
        if (subMsNs % 1000 === 0) return false;
      }
      // A NaN from anything that is no digit fails these comparisons.
      if (!(hour < 24 && minute < 60 && second < 60 && millis >= 0 && subMsNs >= 0)) return false;
      const day = year * 10_000 + monthDay;
      if (day !== lastDay) {
        const dayMs = Number.isNaN(day) ? null : dateToMs(year, Math.floor(monthDay / 100), monthDay % 100);
        if (dayMs === null) return false;
        lastDay = day;
        lastDayMs = dayMs;
      }
      this.ms = lastDayMs + hour * 3_600_000 + minute * 60_000 + second * 1000 + millis;
      this.subMsNs = subMsNs;
      return true;
    },
  };
}

function digits(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** levelIndexAt is the index in LEVELS of a canonical level; first letters and lengths tell all seven apart. */
export function levelIndexAt(bytes: Buffer, start: number, end: number): number {
  for (let level = 0; level < LEVELS.length; level++) {
    const name = LEVELS[level] as string;
    if (name.length === end - start && name.charCodeAt(0) === bytes[start]) return level;
  }
  return LEVELS.length - 1;
}

/** blockOfLines rebuilds the columns of a block over its canonical lines; replay uses it. `bytes` is kept, not copied. */
export function blockOfLines(bytes: Buffer, count: number): EntryBlock {
  const block: EntryBlock = {
    ...createBlockColumns(count),
    count,
    bytes,
    services: [],
    maxLineBytes: 0,
    minMs: Infinity,
    maxMs: -Infinity,
  };
  const serviceIndexes = new Map<string, number>();
  const slices = emptySlices();
  const timestamp = createTimestampReader();
  let start = 0;
  for (let i = 0; i < count; i++) {
    const end = bytes.indexOf(10, start);
    sliceLine(bytes, start + 1, end, slices);
    if (!timestamp.read(bytes, slices.timestampStart, slices.timestampEnd)) {
      throw new Error(`cannot replay line at byte ${start}: its timestamp is not canonical`);
    }
    const quotedService = bytes.toString("utf8", slices.serviceStart - 1, slices.serviceEnd + 1);
    let service = serviceIndexes.get(quotedService);
    if (service === undefined) {
      service = block.services.push(JSON.parse(quotedService) as string) - 1;
      serviceIndexes.set(quotedService, service);
    }
    block.ends[i] = end + 1;
    block.ms[i] = timestamp.ms;
    block.subMsNs[i] = timestamp.subMsNs;
    block.serviceOf[i] = service;
    block.levelOf[i] = levelIndexAt(bytes, slices.levelStart, slices.levelEnd);
    block.tagsStart[i] = slices.tagsStart;
    block.maxLineBytes = Math.max(block.maxLineBytes, end + 1 - start);
    block.minMs = Math.min(block.minMs, timestamp.ms);
    block.maxMs = Math.max(block.maxMs, timestamp.ms);
    start = end + 1;
  }
  return block;
}
