import { isUtf8 } from "node:buffer";
import { MAX_MEMBERS } from "#app/server/ingest/entry-limits.ts";
import {
  createJsonCursor,
  readValue,
  skipWhitespace,
  type JsonCursor,
} from "#app/server/protocols/json/json-reader.ts";
import { TOO_DEEP } from "#app/server/protocols/json/normalise-record.ts";
import type { Members } from "#app/server/protocols/json-text.ts";
import { takeValue, walkArray } from "#app/server/protocols/json-walk.ts";
import { TURN_BYTES, type RecordSink } from "#app/server/protocols/record-sink.ts";

const OPEN_BRACKET = 91;

/**
 * eachRecord calls `onRecord` for every JSON object of a body: one, several behind each other or on lines, or an array of
 * them. A value that is no object is refused by itself; after a syntax error reading goes on at the next line. A broken
 * array throws BodyError.
 */
export function* eachRecord(
  sentBody: Buffer,
  sink: RecordSink,
  onRecord: (members: Members) => void,
): Generator<void, void> {
  const body = isUtf8(sentBody) ? sentBody : Buffer.from(sentBody.toString("utf8"));
  const cursor = createJsonCursor(body);
  let turnEnd = TURN_BYTES;
  for (skipWhitespace(cursor); cursor.at < body.length; skipWhitespace(cursor)) {
    if (body[cursor.at] === OPEN_BRACKET) walkArray(cursor, () => takeRecord(cursor, sink, onRecord));
    else if (!tryRecord(cursor, sink, onRecord)) {
      const newline = body.indexOf(10, cursor.at);
      cursor.at = newline === -1 ? body.length : newline + 1;
    }
    if (cursor.at < turnEnd) continue;
    turnEnd = cursor.at + TURN_BYTES;
    yield;
  }
}

/** takeRecord reads the element at the cursor; throws BodyError when it is not well-formed. */
export function takeRecord(cursor: JsonCursor, sink: RecordSink, onRecord: (members: Members) => void): void {
  const value = takeValue(cursor);
  if (cursor.tooDeep) sink.refuse(TOO_DEEP);
  else if (cursor.members > MAX_MEMBERS) sink.refuse(`more than ${MAX_MEMBERS} fields`);
  else if (value.kind !== "object") sink.refuse("a record must be a JSON object");
  else onRecord(value.members);
}

function tryRecord(cursor: JsonCursor, sink: RecordSink, onRecord: (members: Members) => void): boolean {
  const start = cursor.at;
  cursor.tooDeep = false;
  cursor.members = 0;
  if (readValue(cursor, 1) === null) {
    sink.refuse(`not valid JSON at byte ${cursor.at - start + 1} of the record: ${cursor.problem}`);
    return false;
  }
  cursor.at = start;
  takeRecord(cursor, sink, onRecord);
  return true;
}
