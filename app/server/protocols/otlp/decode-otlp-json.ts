import { isUtf8 } from "node:buffer";
import { MAX_DEPTH } from "#app/server/ingest/entry-limits.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { createJsonCursor, type JsonCursor, type JsonValue } from "#app/server/protocols/json/json-reader.ts";
import { jsonText, numberValue, objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import { expectEnd, takeValue, walkArray, walkObject } from "#app/server/protocols/json-walk.ts";
import { NULL_VALUE } from "#app/server/protocols/otlp/any-value.ts";
import {
  addLogRecord,
  emptyLogRecord,
  resourceScopeOf,
  type LogRecord,
} from "#app/server/protocols/otlp/log-record.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import { RecordSink } from "#app/server/protocols/record-sink.ts";

/** decodeOtlpJson reads an ExportLogsServiceRequest in protobuf's JSON form. Throws BodyError when it is no JSON. */
export function decodeOtlpJson(sentBody: Buffer, { receivedAtMs, lines }: DecodeContext): DecodedRecords {
  const body = isUtf8(sentBody) ? sentBody : Buffer.from(sentBody.toString("utf8"));
  const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
  const cursor = createJsonCursor(body);
  walkObject(cursor, (key) => {
    if (key === "resourceLogs") walkArray(cursor, () => readResourceLogs(cursor, sink));
    else takeValue(cursor);
  });
  expectEnd(cursor);
  return sink.finish();
}

function readResourceLogs(cursor: JsonCursor, sink: RecordSink): void {
  const resource = findMember(cursor, "resource", () => attributesOf(cursor, "attributes")?.attributes);
  walkObject(cursor, (key) => {
    if (key === "scopeLogs") walkArray(cursor, () => readScopeLogs(cursor, sink, resource ?? new Map()));
    else takeValue(cursor);
  });
}

function readScopeLogs(cursor: JsonCursor, sink: RecordSink, resource: Members): void {
  const scope = findMember(cursor, "scope", () => attributesOf(cursor, "attributes"));
  const shared = resourceScopeOf(resource, scope ?? { name: "", version: "", attributes: new Map() });
  walkObject(cursor, (key) => {
    if (key === "logRecords") walkArray(cursor, () => addLogRecord(sink, shared, readLogRecord(cursor)));
    else takeValue(cursor);
  });
}

/** Members come in any order, and records need what stands beside them: it is looked for before they are read. */
function findMember<T>(cursor: JsonCursor, name: string, read: () => T): T | undefined {
  const start = cursor.at;
  let found: T | undefined;
  walkObject(cursor, (key) => {
    if (key === name) found = read();
    else takeValue(cursor);
  });
  cursor.at = start;
  return found;
}

function attributesOf(cursor: JsonCursor, name: string): { name: string; version: string; attributes: Members } {
  const found = { name: "", version: "", attributes: new Map() as Members };
  walkObject(cursor, (key) => {
    if (key === name) readPairs(cursor, 1, found.attributes);
    else if (key === "name") found.name = textOf(takeValue(cursor));
    else if (key === "version") found.version = textOf(takeValue(cursor));
    else takeValue(cursor);
  });
  return found;
}

function readLogRecord(cursor: JsonCursor): LogRecord {
  const record = emptyLogRecord();
  walkObject(cursor, (key) => {
    switch (key) {
      case "timeUnixNano":
        record.time = textOf(takeValue(cursor));
        return;
      case "observedTimeUnixNano":
        record.observedTime = textOf(takeValue(cursor));
        return;
      case "severityNumber":
        record.severityNumber = Number(textOf(takeValue(cursor))) || 0;
        return;
      case "severityText":
        record.severityText = textOf(takeValue(cursor));
        return;
      case "body":
        record.body = readAnyValue(cursor, 1);
        return;
      case "attributes":
        readPairs(cursor, 1, record.attributes);
        return;
      case "traceId":
        record.traceId = idOf(takeValue(cursor));
        return;
      case "spanId":
        record.spanId = idOf(takeValue(cursor));
        return;
      case "eventName":
        record.eventName = textOf(takeValue(cursor));
        return;
      default:
        takeValue(cursor);
    }
  });
  record.isTooDeep = hasTooDeep([...record.attributes.values(), ...(record.body === null ? [] : [record.body])]);
  return record;
}

/** A value that was too deep to be read; `hasTooDeep` finds it among what it stands in. */
const TOO_DEEP_VALUE: JsonValue = { kind: "null", text: "null" };

function hasTooDeep(values: Iterable<JsonValue>): boolean {
  for (const value of values) {
    if (value === TOO_DEEP_VALUE || (value.kind === "object" && hasTooDeep(value.members.values()))) return true;
  }
  return false;
}

/** readPairs reads `[{"key":…,"value":…},…]`. */
function readPairs(cursor: JsonCursor, depth: number, members: Members): void {
  walkArray(cursor, () => {
    let name = "";
    let found: JsonValue = NULL_VALUE;
    walkObject(cursor, (key) => {
      if (key === "key") name = textOf(takeValue(cursor));
      else if (key === "value") found = readAnyValue(cursor, depth);
      else takeValue(cursor);
    });
    members.set(name, found);
  });
}

const OPEN_BRACE = 123;

function readAnyValue(cursor: JsonCursor, depth: number): JsonValue {
  let found: JsonValue = NULL_VALUE;
  if (cursor.bytes[cursor.at] !== OPEN_BRACE || depth > MAX_DEPTH) {
    // Deeper values are gone over without recursion.
    takeValue(cursor);
    return depth > MAX_DEPTH ? TOO_DEEP_VALUE : NULL_VALUE;
  }
  walkObject(cursor, (key) => {
    switch (key) {
      case "arrayValue":
        found = readArray(cursor, depth + 1);
        return;
      case "kvlistValue": {
        const members: Members = new Map();
        walkObject(cursor, (inner) => {
          if (inner === "values") readPairs(cursor, depth + 1, members);
          else takeValue(cursor);
        });
        found = objectValue(members);
        return;
      }
      default:
        found = plainValue(key, takeValue(cursor)) ?? found;
    }
  });
  return found;
}

function readArray(cursor: JsonCursor, depth: number): JsonValue {
  const texts: string[] = [];
  let isTooDeep = false;
  walkObject(cursor, (key) => {
    if (key !== "values") {
      takeValue(cursor);
      return;
    }
    walkArray(cursor, () => {
      const value = readAnyValue(cursor, depth);
      isTooDeep ||= hasTooDeep([value]);
      texts.push(jsonText(value));
    });
  });
  return isTooDeep ? TOO_DEEP_VALUE : { kind: "array", text: `[${texts.join(",")}]` };
}

/** 64-bit numbers come as numbers or as digits in quotes. */
function plainValue(key: string, value: JsonValue): JsonValue | null {
  switch (key) {
    case "stringValue":
    case "bytesValue":
      return value.kind === "null" ? null : textValue(value.text);
    case "boolValue":
      return value;
    case "intValue":
    case "doubleValue":
      return value.kind === "string" && /^-?\d+(\.\d+)?$/.test(value.text) ? numberValue(value.text) : value;
    default:
      return null;
  }
}

function textOf(value: JsonValue): string {
  return value.kind === "string" || value.kind === "number" ? value.text : "";
}

/** Ids are hexadecimal here; zeros are how some senders say that there is none. */
function idOf(value: JsonValue): string {
  const text = textOf(value).toLowerCase();
  return /^0*$/.test(text) ? "" : text;
}
