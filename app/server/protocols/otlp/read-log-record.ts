import { createAnyValueReader } from "#app/server/protocols/otlp/any-value.ts";
import { emptyLogRecord, type LogRecord } from "#app/server/protocols/otlp/log-record.ts";
import {
  delimited,
  eachField,
  endOf,
  fixed64,
  readText,
  varint,
  type BinaryReader,
} from "#app/server/protocols/protobuf-fields.ts";

/** readLogRecord reads a whole LogRecord, for the general path. */
export function readLogRecord(reader: BinaryReader, body: Buffer, end: number): LogRecord {
  const values = createAnyValueReader(reader, body);
  const record = emptyLogRecord();
  eachField(reader, end, (tag) => {
    switch (tag) {
      case fixed64(1):
        record.time = String(reader.fixed64());
        return true;
      case fixed64(11):
        record.observedTime = String(reader.fixed64());
        return true;
      case varint(2):
        record.severityNumber = reader.int32();
        return true;
      case delimited(3):
        record.severityText = readText(reader, body, end);
        return true;
      case delimited(5):
        record.body = values.value(endOf(reader, end), 1);
        return true;
      case delimited(6):
        values.pair(endOf(reader, end), 1, record.attributes);
        return true;
      case delimited(9):
        record.traceId = readId(end);
        return true;
      case delimited(10):
        record.spanId = readId(end);
        return true;
      case delimited(12):
        record.eventName = readText(reader, body, end);
        return true;
      default:
        return false;
    }
  });
  record.isTooDeep = values.isTooDeep;
  return record;

  /** An id of zeros is how some senders say that there is none. */
  function readId(limit: number): string {
    const idEnd = endOf(reader, limit);
    const hex = body.toString("hex", reader.pos, idEnd);
    reader.pos = idEnd;
    return /^0*$/.test(hex) ? "" : hex;
  }
}
