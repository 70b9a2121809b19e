import { isUtf8 } from "node:buffer";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { createJsonCursor, type JsonCursor, type JsonValue } from "#app/server/protocols/json/json-reader.ts";
import { nanosecondsValue } from "#app/server/protocols/json-text.ts";
import { expectEnd, takeValue, walkArray, walkObject } from "#app/server/protocols/json-walk.ts";
import { mapLabels, parseLabels, recordOf } from "#app/server/protocols/loki/labels.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";
import { RecordSink } from "#app/server/protocols/record-sink.ts";

/**
 * decodeLokiJson reads `{"streams":[{"stream":{…},"values":[["<ns>","line",{…}?],…]}]}`, and the older
 * `{"streams":[{"labels":"{…}","entries":[{"ts":…,"line":…}]}]}`. Throws BodyError when it is not of that form.
 */
export function decodeLokiJson(sentBody: Buffer, { receivedAtMs, lines }: DecodeContext): DecodedRecords {
  const body = isUtf8(sentBody) ? sentBody : Buffer.from(sentBody.toString("utf8"));
  const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
  const cursor = createJsonCursor(body);
  walkObject(cursor, (key) => {
    if (key === "streams") walkArray(cursor, () => readStream(cursor, sink));
    else takeValue(cursor);
  });
  expectEnd(cursor);
  return sink.finish();
}

function readStream(cursor: JsonCursor, sink: RecordSink): void {
  const start = cursor.at;
  let labels = new Map<string, string>();
  // Labels may stand behind the values.
  walkObject(cursor, (key) => {
    const value = takeValue(cursor);
    if (key === "stream") labels = pairsOf(value);
    else if (key === "labels") labels = labelsOf(value);
  });
  cursor.at = start;
  walkObject(cursor, (key) => {
    if (key === "values") walkArray(cursor, () => readValueOf(cursor, sink, labels));
    else if (key === "entries") walkArray(cursor, () => readOldEntry(cursor, sink, labels));
    else takeValue(cursor);
  });
}

function readValueOf(cursor: JsonCursor, sink: RecordSink, labels: Map<string, string>): void {
  const parts: JsonValue[] = [];
  walkArray(cursor, () => parts.push(takeValue(cursor)));
  const [time, line, metadata] = parts;
  // A number has lost its last digits in most senders before it is written, so Loki takes none.
  if (time?.kind !== "string" || !/^\d{1,20}$/.test(time.text)) {
    sink.refuse("the timestamp must be nanoseconds as digits in a string");
  } else if (line?.kind !== "string") sink.refuse("the line must be a string");
  else add(sink, metadata === undefined ? labels : new Map([...labels, ...pairsOf(metadata)]), time.text, line.text);
}

function readOldEntry(cursor: JsonCursor, sink: RecordSink, labels: Map<string, string>): void {
  const value = takeValue(cursor);
  const members = value.kind === "object" ? value.members : new Map<string, JsonValue>();
  const record = recordOf(mapLabels(labels), members.get("line")?.text ?? "");
  const time = members.get("ts") ?? members.get("timestamp");
  if (time === undefined || members.get("line") === undefined) {
    sink.refuse("an entry needs ts and line");
    return;
  }
  record.set("timestamp", time);
  sink.add(record);
}

function add(sink: RecordSink, labels: Map<string, string>, timeNs: string, line: string): void {
  const record = recordOf(mapLabels(labels), line);
  record.set("timestamp", nanosecondsValue(timeNs));
  sink.add(record);
}

function labelsOf(value: JsonValue): Map<string, string> {
  const labels = value.kind === "string" ? parseLabels(value.text) : null;
  if (labels === null) throw new BodyError(400, `the labels ${value.text.slice(0, 200)} are malformed`);
  return labels;
}

function pairsOf(value: JsonValue): Map<string, string> {
  if (value.kind !== "object") throw new BodyError(400, "labels must be a JSON object");
  const pairs = new Map<string, string>();
  for (const [name, member] of value.members) if (member.kind !== "null") pairs.set(name, member.text);
  return pairs;
}
