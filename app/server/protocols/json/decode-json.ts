import { isUtf8 } from "node:buffer";
import { setImmediate as nextTurn } from "node:timers/promises";
import { EntryBlockBuilder, type EntryBlock } from "#app/server/ingest/entry-block.ts";
import { MAX_MEMBERS, MAX_REQUEST_LINES_BYTES } from "#app/server/ingest/entry-limits.ts";
import { CanonicalLines } from "#app/server/protocols/json/canonical-lines.ts";
import {
  createJsonCursor,
  readValue,
  skipWhitespace,
  type JsonCursor,
} from "#app/server/protocols/json/json-reader.ts";
import { TOO_DEEP, normaliseRecord } from "#app/server/protocols/json/normalise-record.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";

/** DecodedRecords is what a wire format makes of a body; positions count the sender's records from 0. */
export interface DecodedRecords {
  block: EntryBlock;
  rejected: number;
  /** The first MAX_REPORTED_ERRORS refusals. */
  errors: RecordError[];
}

export interface RecordError {
  index: number;
  reason: string;
}

export const MAX_REPORTED_ERRORS = 100;

/** Bytes that are decoded before other requests get their turn; some milliseconds of work. */
const TURN_BYTES = 1024 * 1024;

const KIND_NAMES = { string: "a string", number: "a number", boolean: "a boolean", null: "null", array: "an array" };

const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const COMMA = 44;

/**
 * decodeJson reads a body of JSON objects in any packing: one object, an array, concatenated objects or NDJSON.
 * A record that is no object or not usable is refused by itself. After a syntax error reading goes on at the next newline;
 * inside an array the rest of the body is one refused record. Throws BodyError when the lines become too many.
 */
export async function decodeJson(sentBody: Buffer, receivedAtMs: number): Promise<DecodedRecords> {
  const decoding = startDecoding(sentBody, receivedAtMs);
  try {
    while (!decoding.advance(TURN_BYTES)) await nextTurn();
    return decoding.finish();
  } finally {
    decoding.close();
  }
}

interface Decoding {
  /** Decodes records that begin in the next `bytes`; true when the body is at its end. */
  advance(bytes: number): boolean;
  finish(): DecodedRecords;
  close(): void;
}

function startDecoding(sentBody: Buffer, receivedAtMs: number): Decoding {
  // Bad bytes become U+FFFD once for the whole body, so that everything below may copy slices.
  const body = isUtf8(sentBody) ? sentBody : Buffer.from(sentBody.toString("utf8"));
  const builder = new EntryBlockBuilder(body.length + (body.length >> 3));
  const errors: RecordError[] = [];
  let index = 0;
  let rejected = 0;
  let isInArray = false;
  const cursor = createJsonCursor(body);
  // A byte order mark is no part of JSON, but some senders write one.
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) cursor.at = 3;

  const canonical = new CanonicalLines(body, builder, receivedAtMs);

  function refuse(reason: string): void {
    if (errors.length < MAX_REPORTED_ERRORS) errors.push({ index, reason });
    rejected++;
    index++;
  }

  /** Takes the record at the cursor and maybe some behind it; returns false when one is not well-formed. */
  function takeRecord(): boolean {
    if (body[cursor.at] === OPEN_BRACE) {
      index += canonical.take(cursor.at, isInArray);
      cursor.at = canonical.position;
      if (canonical.isBehindRecord) return true;
    }
    const start = cursor.at;
    cursor.tooDeep = false;
    cursor.members = 0;
    const value = readValue(cursor, 1);
    if (value === null) {
      refuse(`not valid JSON at byte ${cursor.at - start + 1} of the record: ${cursor.problem}`);
      return false;
    }
    if (cursor.tooDeep) refuse(TOO_DEEP);
    else if (cursor.members > MAX_MEMBERS) refuse(`more than ${MAX_MEMBERS} fields`);
    else if (value.kind !== "object") refuse(`a record must be a JSON object, this is ${KIND_NAMES[value.kind]}`);
    else {
      const result = normaliseRecord(value.members, receivedAtMs);
      if ("refused" in result) refuse(result.refused);
      else {
        canonical.flush();
        builder.add(result.fields);
        index++;
      }
    }
    return true;
  }

  /** Takes the next record outside of an array, or goes into one. */
  function takeOutside(): void {
    if (body[cursor.at] !== OPEN_BRACKET) {
      if (!takeRecord()) skipToNextLine(cursor);
      return;
    }
    cursor.at++;
    skipWhitespace(cursor);
    isInArray = body[cursor.at] !== CLOSE_BRACKET;
    if (!isInArray) cursor.at++;
  }

  /** Takes an element and what follows it; after a fault the rest of the body is one refused record. */
  function takeElement(): void {
    if (!takeRecord()) {
      leaveBrokenArray();
      return;
    }
    skipWhitespace(cursor);
    const next = body[cursor.at];
    if (next === CLOSE_BRACKET) isInArray = false;
    else if (next !== COMMA) {
      refuse(`the array is broken at byte ${cursor.at + 1} of the body: expected ',' or ']'`);
      leaveBrokenArray();
      return;
    }
    cursor.at++;
  }

  function leaveBrokenArray(): void {
    isInArray = false;
    cursor.at = body.length;
  }

  return {
    advance(bytes) {
      const until = cursor.at + bytes;
      for (;;) {
        skipWhitespace(cursor);
        if (cursor.at >= body.length && !isInArray) return true;
        if (cursor.at >= until && cursor.at < body.length) return false;
        if (builder.sizeBytes > MAX_REQUEST_LINES_BYTES) {
          throw new BodyError(
            413,
            `its records make more than ${MAX_REQUEST_LINES_BYTES} bytes of lines; send it in pieces`,
          );
        }
        // At the end of the body an open array lacks an element, which reading it says.
        if (isInArray) takeElement();
        else takeOutside();
      }
    },
    finish() {
      canonical.flush();
      return { block: builder.build(), rejected, errors };
    },
    close: () => canonical.close(),
  };
}

function skipToNextLine(cursor: JsonCursor): void {
  const newline = cursor.bytes.indexOf(10, cursor.at);
  cursor.at = newline === -1 ? cursor.bytes.length : newline + 1;
}
