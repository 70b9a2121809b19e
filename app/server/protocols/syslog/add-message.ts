import { isUtf8 } from "node:buffer";
import { MAX_MEMBERS } from "#app/server/ingest/entry-limits.ts";
import { gelfRecord, gelfService } from "#app/server/protocols/gelf/gelf-record.ts";
import { createJsonCursor, readValue, skipWhitespace } from "#app/server/protocols/json/json-reader.ts";
import type { Members } from "#app/server/protocols/json-text.ts";
import type { RecordSink } from "#app/server/protocols/record-sink.ts";
import { syslogRecord } from "#app/server/protocols/syslog/parse-syslog.ts";
import { OPEN_BRACE } from "#app/server/protocols/syslog/syslog-framer.ts";

/** addMessage adds what came to a syslog port: GELF, which comes there too, any other JSON object, or syslog. */
export function addMessage(sink: RecordSink, message: Buffer, receivedAtMs: number): void {
  const members = message[0] === OPEN_BRACE ? readObject(message) : null;
  if (members === null) {
    sink.add(syslogRecord(message.toString("utf8"), receivedAtMs));
  } else if (members.has("short_message")) {
    const record = gelfRecord(members);
    sink.add(record, { fallbackService: gelfService(record) });
  } else {
    sink.add(members);
  }
}

/** Null for what is no JSON or too much of it: there is no answer in which it could be refused, so it stays text. */
function readObject(message: Buffer): Members | null {
  const cursor = createJsonCursor(isUtf8(message) ? message : Buffer.from(message.toString("utf8")));
  const value = readValue(cursor, 1);
  skipWhitespace(cursor);
  const isWhole = cursor.at === cursor.bytes.length && !cursor.tooDeep && cursor.members <= MAX_MEMBERS;
  return value?.kind === "object" && isWhole ? value.members : null;
}
