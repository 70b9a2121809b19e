import {
  MAX_FIELDS_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_SERVICE_BYTES,
  MAX_TAG_KEY_BYTES,
} from "#app/server/ingest/entry-limits.ts";

/**
 * CanonicalScan holds where the fields of the last scanned object lie. It is one mutable record because it is filled
 * once a line. A field that is absent has equal start and end; texts are without quotes, tags with braces.
 */
export interface CanonicalScan {
  timestampStart: number;
  timestampEnd: number;
  serviceStart: number;
  serviceEnd: number;
  levelStart: number;
  levelEnd: number;
  messageStart: number;
  messageEnd: number;
  tagsStart: number;
  tagsEnd: number;
}

export function createCanonicalScan(): CanonicalScan {
  return {
    timestampStart: 0,
    timestampEnd: 0,
    serviceStart: 0,
    serviceEnd: 0,
    levelStart: 0,
    levelEnd: 0,
    messageStart: 0,
    messageEnd: 0,
    tagsStart: 0,
    tagsEnd: 0,
  };
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** 0: stands for itself in canonical JSON; 1: quote, backslash or control character. */
const STOPS = new Uint8Array(256);
STOPS.fill(1, 0, 32);
STOPS[QUOTE] = 1;
STOPS[BACKSLASH] = 1;

/** Names may hold nothing that needs a closer look: escapes, control characters, C1 controls (in UTF-8 behind 0xC2). */
const NAME_STOPS = Uint8Array.from(STOPS);
NAME_STOPS[127] = 1;
NAME_STOPS[0xc2] = 1;

/** Escapes that JSON.stringify writes the same way: `\" \\ \b \f \n \r \t`. */
const SAME_ESCAPES = new Uint8Array(256);
for (const escape of '"\\bfnrt') SAME_ESCAPES[escape.charCodeAt(0)] = 1;

const TIMESTAMP = Buffer.from("timestamp");
const SERVICE = Buffer.from("service");
const LEVEL = Buffer.from("level");
const MESSAGE = Buffer.from("message");
const TAGS = Buffer.from("tags");

/** More tags than this take the general path, where a Map finds duplicate keys. */
const MAX_SCANNED_TAGS = 16;
const keyStarts = new Uint32Array(MAX_SCANNED_TAGS);
const keyEnds = new Uint32Array(MAX_SCANNED_TAGS);

/**
 * scanCanonical proves, byte by byte, that the object at `at` needs no normalising beyond its level: only the five fields
 * of the contract as strings, each at most once, strings spelled as JSON.stringify spells them, tags flat, compact and
 * of strings, names and sizes within the limits. Returns the offset behind the object, or -1 when any of that does not hold
 * (the general path then decides). The body's UTF-8 is checked beforehand.
 */
export function scanCanonical(bytes: Buffer, at: number, limit: number, scan: CanonicalScan): number {
  scan.timestampEnd = scan.timestampStart = 0;
  scan.serviceEnd = scan.serviceStart = 0;
  scan.levelEnd = scan.levelStart = 0;
  scan.messageEnd = scan.messageStart = 0;
  scan.tagsEnd = scan.tagsStart = 0;
  at++;
  for (;;) {
    at = skipSpaces(bytes, at, limit);
    if (bytes[at] !== QUOTE) return -1;
    const key = ++at;
    while (at < limit && NAME_STOPS[bytes[at] as number] === 0) at++;
    if (bytes[at] !== QUOTE) return -1;
    const keyLength = at - key;
    at = skipSpaces(bytes, at + 1, limit);
    if (bytes[at] !== COLON) return -1;
    at = skipSpaces(bytes, at + 1, limit);
    if (keyLength === 4 && isKey(bytes, key, TAGS)) {
      if (scan.tagsEnd !== 0) return -1;
      scan.tagsStart = at;
      at = scan.tagsEnd = scanTags(bytes, at, limit);
      if (at === -1 || at - scan.tagsStart > MAX_FIELDS_BYTES / 2) return -1;
    } else {
      if (bytes[at] !== QUOTE) return -1;
      const start = ++at;
      if (keyLength === 7 && isKey(bytes, key, MESSAGE)) {
        at = endOfText(bytes, at, limit);
        if (at === -1 || scan.messageEnd !== 0 || at - start > MAX_MESSAGE_BYTES) return -1;
        scan.messageStart = start;
        scan.messageEnd = at;
      } else {
        while (at < limit && NAME_STOPS[bytes[at] as number] === 0) at++;
        if (bytes[at] !== QUOTE || at === start || at - start > MAX_SERVICE_BYTES) return -1;
        if (keyLength === 9 && isKey(bytes, key, TIMESTAMP)) {
          if (scan.timestampEnd !== 0) return -1;
          scan.timestampStart = start;
          scan.timestampEnd = at;
        } else if (keyLength === 7 && isKey(bytes, key, SERVICE)) {
          if (scan.serviceEnd !== 0) return -1;
          scan.serviceStart = start;
          scan.serviceEnd = at;
        } else if (keyLength === 5 && isKey(bytes, key, LEVEL)) {
          if (scan.levelEnd !== 0) return -1;
          scan.levelStart = start;
          scan.levelEnd = at;
        } else return -1;
      }
      at++;
    }
    at = skipSpaces(bytes, at, limit);
    const next = bytes[at++];
    if (next === CLOSE_BRACE) return at <= limit && scan.messageEnd !== 0 ? at : -1;
    if (next !== COMMA) return -1;
  }
}

function skipSpaces(bytes: Buffer, at: number, limit: number): number {
  while (at < limit && (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 10 || bytes[at] === 13)) at++;
  return at;
}

function isKey(bytes: Buffer, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if (bytes[at + i] !== name[i]) return false;
  }
  return true;
}

/** endOfText is the offset of the closing quote, or -1 when an escape or byte would be spelled differently by us. */
function endOfText(bytes: Buffer, at: number, limit: number): number {
  for (;;) {
    // Four at a time: most of a line is text that stands for itself.
    while (at + 4 <= limit && isPlain(bytes, at)) at += 4;
    if (at >= limit) return -1;
    const byte = bytes[at] as number;
    if (STOPS[byte] === 0) at++;
    else if (byte === QUOTE) return at;
    else if (byte === BACKSLASH && SAME_ESCAPES[bytes[at + 1] as number] === 1) at += 2;
    else return -1;
  }
}

function isPlain(bytes: Buffer, at: number): boolean {
  return (
    ((STOPS[bytes[at] as number] as number) |
      (STOPS[bytes[at + 1] as number] as number) |
      (STOPS[bytes[at + 2] as number] as number) |
      (STOPS[bytes[at + 3] as number] as number)) ===
    0
  );
}

function scanTags(bytes: Buffer, at: number, limit: number): number {
  if (bytes[at] !== OPEN_BRACE) return -1;
  at++;
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  for (let tags = 0; tags < MAX_SCANNED_TAGS; tags++) {
    if (bytes[at] !== QUOTE) return -1;
    const key = ++at;
    while (at < limit && NAME_STOPS[bytes[at] as number] === 0) at++;
    if (bytes[at] !== QUOTE || at === key || at - key > MAX_TAG_KEY_BYTES) return -1;
    for (let other = 0; other < tags; other++) {
      if (sameBytes(bytes, key, at, keyStarts[other] as number, keyEnds[other] as number)) return -1;
    }
    keyStarts[tags] = key;
    keyEnds[tags] = at;
    if (bytes[at + 1] !== COLON || bytes[at + 2] !== QUOTE) return -1;
    at = endOfText(bytes, at + 3, limit);
    if (at === -1) return -1;
    at++;
    const next = bytes[at++];
    if (next === CLOSE_BRACE) return at;
    if (next !== COMMA) return -1;
  }
  return -1;
}

function sameBytes(bytes: Buffer, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  while (start < end) {
    if (bytes[start++] !== bytes[otherStart++]) return false;
  }
  return true;
}
