import { BinaryReader } from "@bufbuild/protobuf/wire";
import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";

/*
 * Protobuf is read where it lies: messages are ranges of the body, and only what an entry needs is looked at. A tag is the
 * number of the field times eight plus its wire type (https://protobuf.dev/programming-guides/encoding).
 */

/** DELIMITED is the wire type of strings, bytes and messages. */
const DELIMITED = 2;

/** delimited is the tag of a field that is a string, bytes or a message. */
export function delimited(field: number): number {
  return field * 8 + DELIMITED;
}

export function varint(field: number): number {
  return field * 8;
}

export function fixed64(field: number): number {
  return field * 8 + 1;
}

/** endOf reads the length at the reader and returns the offset behind the field; throws when that is beyond `limit`. */
export function endOf(reader: BinaryReader, limit: number): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > limit) throw new RangeError("a field is longer than what holds it");
  return end;
}

/** skipField goes over a field that nobody asked for; unknown ones are allowed everywhere. */
export function skipField(reader: BinaryReader, tag: number, limit: number): void {
  if (tag < 8) throw new RangeError("there is no field 0");
  reader.skip(tag & 7, tag >>> 3);
  if (reader.pos > limit) throw new RangeError("a field is longer than what holds it");
}

/** eachField walks over the fields of the message up to `end`; `onField` returns false for what it did not read. */
export function eachField(reader: BinaryReader, end: number, onField: (tag: number) => boolean): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!onField(tag)) skipField(reader, tag, end);
  }
  if (reader.pos !== end) throw new RangeError("a field is longer than what holds it");
}

/** readText reads a string field at the reader. Bad UTF-8 becomes U+FFFD. */
export function readText(reader: BinaryReader, body: Buffer, limit: number): string {
  const end = endOf(reader, limit);
  const text = body.toString("utf8", reader.pos, end);
  reader.pos = end;
  return text;
}

/** protobufFault is what a sender hears of bytes that are no protobuf, such as cut ones. */
export function protobufFault(error: unknown): unknown {
  if (error instanceof AkavelogError) return error;
  return new BodyError(400, `it is not sound protobuf (${reasonOf(error)})`, { cause: error });
}

export { BinaryReader };
