import { timestampProblem } from "#app/core/timestamp.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { UNKNOWN_SERVICE, normaliseRecord } from "#app/server/protocols/json/normalise-record.ts";
import { SliceTable } from "#app/server/protocols/slice-table.ts";
import { numberValue } from "#app/server/protocols/json-text.ts";
import {
  levelPiece,
  servicePiece,
  tagPrefixOf,
  type Piece,
  type TagPrefix,
} from "#app/server/protocols/line-composer.ts";
import { isSpecialLabel, mapLabels, parseLabels, recordOf } from "#app/server/protocols/loki/labels.ts";
import { mayBeOpened } from "#app/server/protocols/open-line.ts";
import {
  BinaryReader,
  delimited,
  eachField,
  endOf,
  readText,
  skipField,
  varint,
} from "#app/server/protocols/protobuf-fields.ts";
import { decodeProtobuf } from "#app/server/protocols/protobuf-records.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";
import { TURN_BYTES, type RecordSink } from "#app/server/protocols/record-sink.ts";
import { renameTraceTags } from "#app/server/protocols/trace-names.ts";

/*
 * PushRequest{1 streams}, Stream{1 labels, 2 entries, 3 hash},
 * Entry{1 Timestamp{1 seconds, 2 nanos}, 2 line, 3 structured metadata {1 name, 2 value}}
 */

/** decodeLokiProtobuf reads a PushRequest. Throws BodyError when it is cut, no protobuf, or labels are malformed. */
export function decodeLokiProtobuf(body: Buffer, context: DecodeContext): Promise<DecodedRecords> {
  return decodeProtobuf(body, context, readRequest);
}

/** Stream is what the entries of one stream have in common, ready to be copied. */
interface Stream {
  labels: Map<string, string>;
  service: Piece;
  level: Piece;
  /** Null: the labels need the general path. */
  prefix: TagPrefix | null;
}

function* readRequest(body: Buffer, sink: RecordSink): Generator<void, void> {
  const reader = new BinaryReader(body);
  const addEntry = createEntryReader(reader, body, sink);
  let turnEnd = TURN_BYTES;
  while (reader.pos < body.length) {
    const tag = reader.uint32();
    if (tag !== delimited(1)) {
      skipField(reader, tag, body.length);
      continue;
    }
    const streamEnd = endOf(reader, body.length);
    const streamStart = reader.pos;
    const stream = streamOf(sink, labelsOf(streamEnd));
    reader.pos = streamStart;
    while (reader.pos < streamEnd) {
      const streamTag = reader.uint32();
      if (streamTag !== delimited(2)) {
        skipField(reader, streamTag, streamEnd);
        continue;
      }
      addEntry(endOf(reader, streamEnd), stream);
      if (reader.pos < turnEnd) continue;
      sink.assertRoom();
      turnEnd = reader.pos + TURN_BYTES;
      yield;
    }
  }

  function labelsOf(end: number): Map<string, string> {
    let text = "{}";
    eachField(reader, end, (tag) => {
      if (tag !== delimited(1)) return false;
      text = readText(reader, body, end);
      return true;
    });
    const labels = parseLabels(text);
    if (labels === null) throw new BodyError(400, `the labels ${JSON.stringify(text.slice(0, 200))} are malformed`);
    return labels;
  }
}

function streamOf(sink: RecordSink, labels: Map<string, string>): Stream {
  const fields = mapLabels(labels);
  const result = normaliseRecord(recordOf(fields, ""), sink.receivedAtMs);
  if ("refused" in result) {
    return {
      labels,
      service: servicePiece(sink.builder, UNKNOWN_SERVICE),
      level: levelPiece("unknown", null),
      prefix: null,
    };
  }
  const tags = new Map(result.fields.tags);
  renameTraceTags(tags);
  return {
    labels,
    service: servicePiece(sink.builder, result.fields.service),
    level: levelPiece(result.fields.level, result.fields.levelOriginal),
    prefix: tagPrefixOf(tags),
  };
}

/** Names that are more than tags are left to the general path. */
const isSpecial = new SliceTable(isSpecialLabel);

function createEntryReader(reader: BinaryReader, body: Buffer, sink: RecordSink) {
  const { composer, receivedAtMs, lines } = sink;
  const metadata: number[] = [];
  let [seconds, nanos, lineStart, lineEnd] = [0, 0, 0, 0];

  return function addEntry(end: number, stream: Stream): void {
    findFields(end);
    const ms = seconds * 1000 + Math.floor(nanos / 1e6);
    const problem = timestampProblem(ms, receivedAtMs);
    if (problem !== null) sink.refuse(problem);
    else if (compose(ms, stream)) sink.counted();
    else addWhole(stream);
    reader.pos = end;
  };

  function findFields(end: number): void {
    seconds = nanos = lineStart = lineEnd = 0;
    metadata.length = 0;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === delimited(1)) readTimestamp(endOf(reader, end));
      else if (tag === delimited(2)) {
        lineEnd = endOf(reader, end);
        lineStart = reader.pos;
        reader.pos = lineEnd;
      } else if (tag === delimited(3)) {
        const pairEnd = endOf(reader, end);
        metadata.push(reader.pos, pairEnd);
        reader.pos = pairEnd;
      } else skipField(reader, tag, end);
    }
    if (reader.pos !== end) throw new RangeError("a field is longer than what holds it");
  }

  function readTimestamp(end: number): void {
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === varint(1)) seconds = readSeconds();
      else if (tag === varint(2)) nanos = Math.min(999_999_999, reader.uint32());
      else skipField(reader, tag, end);
    }
    if (reader.pos !== end) throw new RangeError("a field is longer than what holds it");
  }

  /** Seconds are an int64; every time that is taken fits in five bytes. */
  function readSeconds(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = body[reader.pos];
      if (byte === undefined || shift > MAX_SHIFT) throw new RangeError("a number does not end");
      reader.pos++;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value >= 2 ** 63 ? -1 : value;
    }
  }

  /** compose takes the short way; false when the entry needs the general one. */
  function compose(ms: number, { prefix, service, level }: Stream): boolean {
    if (prefix === null || (lines.open && mayBeOpened(body, lineStart, lineEnd))) return false;
    if (!composer.begin(ms, nanos % 1e6, service, level, body, lineStart, lineEnd)) return false;
    if (!composer.prefix(prefix)) return false;
    for (let i = 0; i < metadata.length; i += 2) {
      if (!addPair(metadata[i] as number, metadata[i + 1] as number)) return false;
    }
    composer.finish();
    return true;
  }

  function addPair(start: number, end: number): boolean {
    if (body[start] !== delimited(1)) return false;
    reader.pos = start + 1;
    const nameEnd = endOf(reader, end);
    const nameStart = reader.pos;
    if (isSpecial.find(body, nameStart, nameEnd) || body[nameEnd] !== delimited(2)) return false;
    reader.pos = nameEnd + 1;
    if (endOf(reader, end) !== end) return false;
    return composer.tag(body, nameStart, nameEnd, body, reader.pos, end);
  }

  function addWhole({ labels }: Stream): void {
    const all = new Map(labels);
    for (let i = 0; i < metadata.length; i += 2) readPair(metadata[i] as number, metadata[i + 1] as number, all);
    const record = recordOf(mapLabels(all), body.toString("utf8", lineStart, lineEnd));
    record.set("timestamp", numberValue(`${seconds}.${String(nanos).padStart(9, "0")}`));
    sink.add(record);
  }

  function readPair(start: number, end: number, into: Map<string, string>): void {
    let [name, value] = ["", ""];
    reader.pos = start;
    eachField(reader, end, (tag) => {
      if (tag === delimited(1)) name = readText(reader, body, end);
      else if (tag === delimited(2)) value = readText(reader, body, end);
      else return false;
      return true;
    });
    into.set(name, value);
  }
}

/** A varint has at most ten bytes. */
const MAX_SHIFT = 128 ** 9;
