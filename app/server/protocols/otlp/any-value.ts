import { MAX_DEPTH } from "#app/server/ingest/entry-limits.ts";
import type { JsonValue } from "#app/server/protocols/json/json-reader.ts";
import { jsonText, numberValue, objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import {
  delimited,
  eachField,
  endOf,
  fixed64,
  readText,
  varint,
  type BinaryReader,
} from "#app/server/protocols/protobuf-fields.ts";

/*
 * AnyValue {1 string, 2 bool, 3 int64, 4 double, 5 ArrayValue{1 values}, 6 KeyValueList{1 values}, 7 bytes}
 * KeyValue {1 key, 2 value}
 */

export const NULL_VALUE: JsonValue = { kind: "null", text: "null" };

/** AnyValueReader reads OpenTelemetry's values; `isTooDeep` is set when one was nested deeper than an entry may be. */
export interface AnyValueReader {
  isTooDeep: boolean;
  /** Reads the value between the reader's place and `end`. */
  value(end: number, depth: number): JsonValue;
  /** Reads a KeyValue into `members`. */
  pair(end: number, depth: number, members: Members): void;
}

export function createAnyValueReader(reader: BinaryReader, body: Buffer): AnyValueReader {
  const self: AnyValueReader = { isTooDeep: false, value, pair };

  function value(end: number, depth: number): JsonValue {
    let found: JsonValue = NULL_VALUE;
    eachField(reader, end, (tag) => {
      switch (tag) {
        case delimited(1):
          found = textValue(readText(reader, body, end));
          return true;
        case varint(2):
          found = { kind: "boolean", text: reader.bool() ? "true" : "false" };
          return true;
        case varint(3):
          found = numberValue(String(reader.int64()));
          return true;
        case fixed64(4):
          found = doubleValue(reader.double());
          return true;
        case delimited(5):
          found = arrayValue(endOf(reader, end), depth + 1);
          return true;
        case delimited(6):
          found = mapValue(endOf(reader, end), depth + 1);
          return true;
        case delimited(7): {
          const bytesEnd = endOf(reader, end);
          found = textValue(body.toString("base64", reader.pos, bytesEnd));
          reader.pos = bytesEnd;
          return true;
        }
        default:
          return false;
      }
    });
    return found;
  }

  function arrayValue(end: number, depth: number): JsonValue {
    if (isBelowDepth(depth, end)) return NULL_VALUE;
    const texts: string[] = [];
    eachField(reader, end, (tag) => {
      if (tag !== delimited(1)) return false;
      texts.push(jsonText(value(endOf(reader, end), depth)));
      return true;
    });
    return { kind: "array", text: `[${texts.join(",")}]` };
  }

  function mapValue(end: number, depth: number): JsonValue {
    if (isBelowDepth(depth, end)) return NULL_VALUE;
    const members: Members = new Map();
    eachField(reader, end, (tag) => {
      if (tag !== delimited(1)) return false;
      pair(endOf(reader, end), depth, members);
      return true;
    });
    return objectValue(members);
  }

  function pair(end: number, depth: number, members: Members): void {
    let key = "";
    let found: JsonValue = NULL_VALUE;
    eachField(reader, end, (tag) => {
      if (tag === delimited(1)) key = readText(reader, body, end);
      else if (tag === delimited(2)) found = value(endOf(reader, end), depth);
      else return false;
      return true;
    });
    members.set(key, found);
  }

  /** Goes over what is too deep, without recursion. */
  function isBelowDepth(depth: number, end: number): boolean {
    if (depth < MAX_DEPTH) return false;
    self.isTooDeep = true;
    reader.pos = end;
    return true;
  }

  return self;
}

/** JSON has no word for what is no number. */
export function doubleValue(number: number): JsonValue {
  return Number.isFinite(number) ? numberValue(String(number)) : textValue(String(number));
}
