import {
  delimited,
  eachField,
  endOf,
  readText,
  varint,
  type BinaryReader,
} from "#app/server/protocols/protobuf-fields.ts";

/*
 * Entry{1 Timestamp{1 seconds, 2 nanos}, 2 line, 3 structured metadata {1 name, 2 value}}
 */

/** StreamEntry is an entry of a stream as it was sent. */
export interface StreamEntry {
  /** -1 for all times before 1970. */
  seconds: number;
  nanos: number;
  line: string;
  metadata: Map<string, string>;
}

/** readEntry reads a whole Entry, for the general path. */
export function readEntry(reader: BinaryReader, body: Buffer, end: number): StreamEntry {
  const entry: StreamEntry = { seconds: 0, nanos: 0, line: "", metadata: new Map() };
  eachField(reader, end, (tag) => {
    if (tag === delimited(1)) readTimestamp(endOf(reader, end));
    else if (tag === delimited(2)) entry.line = readText(reader, body, end);
    else if (tag === delimited(3)) readPair(endOf(reader, end));
    else return false;
    return true;
  });
  return entry;

  function readTimestamp(limit: number): void {
    eachField(reader, limit, (tag) => {
      if (tag === varint(1)) entry.seconds = Math.max(-1, Number(reader.int64()));
      else if (tag === varint(2)) entry.nanos = Math.min(999_999_999, reader.uint32());
      else return false;
      return true;
    });
  }

  function readPair(limit: number): void {
    let [name, value] = ["", ""];
    eachField(reader, limit, (tag) => {
      if (tag === delimited(1)) name = readText(reader, body, limit);
      else if (tag === delimited(2)) value = readText(reader, body, limit);
      else return false;
      return true;
    });
    entry.metadata.set(name, value);
  }
}
