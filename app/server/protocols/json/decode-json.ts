import { isUtf8 } from "node:buffer";
import { timestampProblem } from "#app/core/timestamp.ts";
import { createTimestampReader } from "#app/server/ingest/canonical-line.ts";
import { EntryBlockBuilder, levelSegment, type EntryBlock } from "#app/server/ingest/entry-block.ts";
import { createCanonicalScan, scanCanonical } from "#app/server/protocols/json/canonical-scan.ts";
import { SliceTable } from "#app/server/protocols/json/slice-table.ts";
import {
  createJsonCursor,
  readValue,
  skipWhitespace,
  type JsonCursor,
} from "#app/server/protocols/json/json-reader.ts";
import { TOO_DEEP, UNKNOWN_SERVICE, normaliseRecord } from "#app/server/protocols/json/normalise-record.ts";

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

/** Only a first guess at the number of records; columns grow when it was too low. */
const TYPICAL_LINE_BYTES = 200;

const OPEN_BRACE = 123;
const OPEN_BRACKET = 91;

/**
 * decodeJson reads a body of JSON objects in any packing: one object, an array, concatenated objects or NDJSON.
 * A record that is no object or not usable is refused by itself. After a syntax error reading goes on at the next newline;
 * inside an array the rest of the body is one refused record.
 */
export function decodeJson(sentBody: Buffer, receivedAtMs: number): DecodedRecords {
  // Bad bytes become U+FFFD once for the whole body, so that everything below may copy slices.
  const body = isUtf8(sentBody) ? sentBody : Buffer.from(sentBody.toString("utf8"));
  const builder = new EntryBlockBuilder(body.length + (body.length >> 3), Math.ceil(body.length / TYPICAL_LINE_BYTES));
  const errors: RecordError[] = [];
  let index = 0;
  let rejected = 0;
  const cursor = createJsonCursor(body);
  // A byte order mark is no part of JSON, but some senders write one.
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) cursor.at = 3;

  const services = new SliceTable((name) => builder.serviceSegment(name === "" ? UNKNOWN_SERVICE : name));
  const scan = createCanonicalScan();
  const timestamp = createTimestampReader();

  function refuse(reason: string): void {
    if (errors.length < MAX_REPORTED_ERRORS) errors.push({ index, reason });
    rejected++;
    index++;
  }

  /** Takes the record at the cursor; returns false when it is not well-formed. */
  function takeRecord(): boolean {
    if (body[cursor.at] === OPEN_BRACE) {
      const end = scanCanonical(body, cursor.at, body.length, scan);
      if (end !== -1 && addScanned()) {
        cursor.at = end;
        index++;
        return true;
      }
    }
    const start = cursor.at;
    cursor.tooDeep = false;
    const value = readValue(cursor, 1);
    if (value === null) {
      refuse(`not valid JSON at byte ${cursor.at - start + 1} of the record: ${cursor.problem}`);
      return false;
    }
    if (cursor.tooDeep) refuse(TOO_DEEP);
    else if (value.kind !== "object")
      refuse(`a record must be a JSON object, this is ${value.kind === "null" ? "null" : `a ${value.kind}`}`);
    else {
      const result = normaliseRecord(value.members, receivedAtMs);
      if ("refused" in result) refuse(result.refused);
      else {
        builder.add(result.fields);
        index++;
      }
    }
    return true;
  }

  function addScanned(): boolean {
    if (scan.timestampEnd === 0 || !timestamp.read(body, scan.timestampStart, scan.timestampEnd)) return false;
    if (timestampProblem(timestamp.ms, receivedAtMs) !== null) return false;
    const service = services.find(body, scan.serviceStart, scan.serviceEnd);
    const level = levels.find(body, scan.levelStart, scan.levelEnd);
    builder.addSlices(body, scan, timestamp.ms, timestamp.subMsNs, service, level);
    return true;
  }

  for (skipWhitespace(cursor); cursor.at < body.length; skipWhitespace(cursor)) {
    const isWellFormed = body[cursor.at] === OPEN_BRACKET ? takeArray(cursor, takeRecord, refuse) : takeRecord();
    if (!isWellFormed) skipToNextLine(cursor);
  }
  return { block: builder.build(), rejected, errors };
}

/** The spellings of levels are the same for all senders. */
const levels = new SliceTable(levelSegment);

/** Takes the elements of the array at the cursor; after a fault the rest of the body is one refused record. */
function takeArray(cursor: JsonCursor, takeRecord: () => boolean, refuse: (reason: string) => void): boolean {
  const { bytes } = cursor;
  cursor.at++;
  skipWhitespace(cursor);
  if (bytes[cursor.at] === 93) {
    cursor.at++;
    return true;
  }
  for (;;) {
    if (!takeRecord()) break;
    skipWhitespace(cursor);
    const next = bytes[cursor.at];
    if (next === 93) {
      cursor.at++;
      return true;
    }
    if (next !== 44) {
      refuse(`the array is broken at byte ${cursor.at + 1} of the body: expected ',' or ']'`);
      break;
    }
    cursor.at++;
    skipWhitespace(cursor);
  }
  cursor.at = bytes.length;
  return true;
}

function skipToNextLine(cursor: JsonCursor): void {
  const newline = cursor.bytes.indexOf(10, cursor.at);
  cursor.at = newline === -1 ? cursor.bytes.length : newline + 1;
}
