import { timestampProblem } from "#app/core/timestamp.ts";
import { MAX_LEVEL_ORIGINAL_BYTES } from "#app/server/ingest/entry-limits.ts";
import { SliceTable } from "#app/server/protocols/slice-table.ts";
import type { Piece, TagPrefix } from "#app/server/protocols/line-composer.ts";
import { mayBeOpened } from "#app/server/protocols/open-line.ts";
import { addLogRecord, SPAN_ID_TAG, TRACE_ID_TAG, type ResourceScope } from "#app/server/protocols/otlp/log-record.ts";
import { readLogRecord } from "#app/server/protocols/otlp/read-log-record.ts";
import { MAX_SEVERITY, severityPiece } from "#app/server/protocols/otlp/severity.ts";
import {
  delimited,
  endOf,
  fixed64,
  skipField,
  varint,
  type BinaryReader,
} from "#app/server/protocols/protobuf-fields.ts";
import type { RecordSink } from "#app/server/protocols/record-sink.ts";
import { TRACE_NAMES } from "#app/server/protocols/trace-names.ts";

/*
 * LogRecord{1 time, 11 observed time, 2 severity number, 3 severity text, 5 body, 6 attributes, 9 trace id, 10 span id,
 * 12 event name}
 */

/** SharedFields is what the records of one scope have in common, ready to be copied. */
export interface SharedFields extends ResourceScope {
  servicePiece: Piece;
  /** Null: the tags need the general path. */
  prefix: TagPrefix | null;
}

/** Names that become others are left to the general path. */
const isRenamed = new SliceTable((name) => (TRACE_NAMES.get(name) ?? name) !== name);
const TRACE_ID = Buffer.from(TRACE_ID_TAG);
const SPAN_ID = Buffer.from(SPAN_ID_TAG);
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
const INTEGER = Buffer.alloc(24);
/** Int64 varints of more bytes may be negative or beyond what a double holds. */
const MAX_SHORT_VARINT_BYTES = 7;

/**
 * createLogRecordComposer returns what adds the LogRecord at the reader. It finds the fields and copies their bytes; a record
 * that needs more is read again for the general path, which decides.
 */
export function createLogRecordComposer(
  reader: BinaryReader,
  body: Buffer,
  sink: RecordSink,
): (end: number, shared: SharedFields) => void {
  const { composer, receivedAtMs, lines } = sink;
  const attributes: number[] = [];
  let [timeAt, observedAt, severity] = [0, 0, 0];
  let [textStart, textEnd, bodyStart, bodyEnd, traceStart, traceEnd, spanStart, spanEnd] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [ms, subMsNs] = [0, 0];
  let hasEventName = false;

  return function addRecord(end: number, shared: SharedFields): void {
    const start = reader.pos;
    findFields(end);
    readTime(timeAt);
    if (ms === 0 && subMsNs === 0) readTime(observedAt);
    if (ms === 0 && subMsNs === 0) ms = receivedAtMs;
    const problem = timestampProblem(ms, receivedAtMs);
    if (problem !== null) sink.refuse(problem);
    else if (compose(shared)) sink.counted();
    else {
      reader.pos = start;
      addLogRecord(sink, shared, readLogRecord(reader, body, end));
    }
    reader.pos = end;
  };

  function findFields(end: number): void {
    timeAt = observedAt = severity = -1;
    textStart = textEnd = bodyStart = bodyEnd = traceStart = traceEnd = spanStart = spanEnd = 0;
    hasEventName = false;
    attributes.length = 0;
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case fixed64(1):
          timeAt = skipFixed64(end);
          break;
        case fixed64(11):
          observedAt = skipFixed64(end);
          break;
        case varint(2):
          severity = reader.uint32();
          break;
        case delimited(3):
          textEnd = endOf(reader, end);
          textStart = reader.pos;
          reader.pos = textEnd;
          break;
        case delimited(5):
          bodyEnd = endOf(reader, end);
          bodyStart = reader.pos;
          reader.pos = bodyEnd;
          break;
        case delimited(6): {
          const attributeEnd = endOf(reader, end);
          attributes.push(reader.pos, attributeEnd);
          reader.pos = attributeEnd;
          break;
        }
        case delimited(9):
          traceEnd = endOf(reader, end);
          traceStart = reader.pos;
          reader.pos = traceEnd;
          break;
        case delimited(10):
          spanEnd = endOf(reader, end);
          spanStart = reader.pos;
          reader.pos = spanEnd;
          break;
        case delimited(12):
          hasEventName = true;
          skipField(reader, tag, end);
          break;
        default:
          skipField(reader, tag, end);
      }
    }
    if (reader.pos !== end) throw new RangeError("a field is longer than what holds it");
  }

  function skipFixed64(end: number): number {
    const at = reader.pos;
    if (at + 8 > end) throw new RangeError("a field is longer than what holds it");
    reader.pos = at + 8;
    return at;
  }

  /** 64 bits of nanoseconds are too many for a double, so milliseconds and the rest are taken from the halves. */
  function readTime(at: number): void {
    ms = subMsNs = 0;
    if (at === -1) return;
    const low = body.readUInt32LE(at);
    const high = body.readUInt32LE(at + 4);
    // 2^32 = 4294 * 1e6 + 967296
    const rest = high * 967_296 + low;
    ms = high * 4_294 + Math.floor(rest / 1e6);
    subMsNs = rest % 1e6;
  }

  /** compose takes the short way; false when the record needs the general one. */
  function compose({ servicePiece, prefix }: SharedFields): boolean {
    if (prefix === null || hasEventName || severity > MAX_SEVERITY || textEnd - textStart > MAX_LEVEL_ORIGINAL_BYTES) {
      return false;
    }
    const textAt = textOfValue(bodyStart, bodyEnd);
    if (textAt === -1 || (lines.open && mayBeOpened(body, textAt, bodyEnd))) return false;
    const level = severityPiece(Math.max(0, severity), body, textStart, textEnd);
    if (!composer.begin(ms, subMsNs, servicePiece, level, body, textAt, bodyEnd)) return false;
    if (!composer.prefix(prefix)) return false;
    for (let i = 0; i < attributes.length; i += 2) {
      if (!addAttribute(attributes[i] as number, attributes[i + 1] as number)) return false;
    }
    if (!isZero(traceStart, traceEnd) && !composer.hexTag(TRACE_ID, body, traceStart, traceEnd)) return false;
    if (!isZero(spanStart, spanEnd) && !composer.hexTag(SPAN_ID, body, spanStart, spanEnd)) return false;
    composer.finish();
    return true;
  }

  /** Where the text begins if an AnyValue is a string that goes to its end, else -1. */
  function textOfValue(start: number, end: number): number {
    if (start >= end || body[start] !== delimited(1)) return -1;
    reader.pos = start + 1;
    return endOf(reader, end) === end ? reader.pos : -1;
  }

  function addAttribute(start: number, end: number): boolean {
    if (body[start] !== delimited(1)) return false;
    reader.pos = start + 1;
    const keyEnd = endOf(reader, end);
    const keyStart = reader.pos;
    if (isRenamed.find(body, keyStart, keyEnd) || body[keyEnd] !== delimited(2)) return false;
    reader.pos = keyEnd + 1;
    if (endOf(reader, end) !== end) return false;
    const valueStart = reader.pos;
    switch (body[valueStart]) {
      case delimited(1): {
        const textAt = textOfValue(valueStart, end);
        return textAt !== -1 && composer.tag(body, keyStart, keyEnd, body, textAt, end);
      }
      case varint(2): {
        if (end - valueStart !== 2) return false;
        const word = body[valueStart + 1] === 0 ? FALSE : TRUE;
        return composer.tag(body, keyStart, keyEnd, word, 0, word.length);
      }
      case varint(3): {
        const length = writeShortInteger(valueStart + 1, end);
        return length !== 0 && composer.tag(body, keyStart, keyEnd, INTEGER, 0, length);
      }
      default:
        return false;
    }
  }

  /** Writes the digits of a varint that ends at `end` to INTEGER; 0 when it is not a short one. */
  function writeShortInteger(start: number, end: number): number {
    if (end - start > MAX_SHORT_VARINT_BYTES || end === start || (body[end - 1] as number) >= 0x80) return 0;
    let number = 0;
    for (let at = end - 1; at >= start; at--) {
      const byte = body[at] as number;
      if (at < end - 1 && byte < 0x80) return 0;
      number = number * 128 + (byte & 0x7f);
    }
    return INTEGER.write(String(number), 0, "latin1");
  }

  function isZero(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (body[at] !== 0) return false;
    return true;
  }
}
