import { MS_PER_DAY } from "#app/core/timestamp.ts";
import * as layout from "#app/server/kernel/layout.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import type { KernelWindow } from "#app/server/protocols/kernel-window.ts";
import { BinaryReader, delimited, endOf, protobufFault, skipField } from "#app/server/protocols/protobuf-fields.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import { inTurns, RecordSink, TURN_BYTES } from "#app/server/protocols/record-sink.ts";
import { placeSharedParts, type SharedParts } from "#app/server/protocols/shared-parts.ts";
import { tellSpecialNames } from "#app/server/protocols/special-names.ts";

/** ProtobufRequest is a body in protobuf that is being read. */
export interface ProtobufRequest {
  body: Buffer;
  reader: BinaryReader;
  sink: RecordSink;
  window: KernelWindow;
  /** Where in the body other requests get their turn. */
  turnEnd: number;
}

/** decodeProtobuf has `readRequest` read a body in turns with other requests. Throws BodyError when it is cut or no protobuf. */
export async function decodeProtobuf(
  body: Buffer,
  { receivedAtMs, lines }: DecodeContext,
  readRequest: (request: ProtobufRequest) => Generator<void, void>,
): Promise<DecodedRecords> {
  const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
  const window = sink.openWindow(body);
  try {
    tellSpecialNames(window.kernel);
    await inTurns(readRequest({ body, reader: new BinaryReader(body), sink, window, turnEnd: TURN_BYTES }));
    return sink.finish();
  } catch (error) {
    throw protobufFault(error);
  } finally {
    window.close();
  }
}

/** RecordGroup is records that follow each other in one message, as its field 2, and share what was said before them. */
export interface RecordGroup {
  /** Behind the message. */
  end: number;
  service: string;
  /** Null: all of them need the general path. */
  parts: SharedParts | null;
  /** The kernel's way to take them; see app/server/kernel. */
  decode(at: number, end: number, opens: number, linesOffset: number, latestMs: number): number;
  /** Adds the level for which the kernel stopped. */
  addLevel?(window: KernelWindow): void;
  /** The general path for the record between the reader and `end`; it decides what becomes of a record. */
  addRecord(end: number): void;
}

/** readRecords has the kernel take the records that it can, and the general path the others. */
export function* readRecords(request: ProtobufRequest, group: RecordGroup): Generator<void, void> {
  const { reader, sink, window } = request;
  if (group.parts !== null) {
    placeSharedParts(window.kernel, group.parts, sink.builder.serviceNumber(group.service));
  }
  while (reader.pos < group.end) {
    if (group.parts === null || !takeUsual(request, group)) {
      const tag = reader.uint32();
      if (tag === delimited(2)) group.addRecord(endOf(reader, group.end));
      else skipField(reader, tag, group.end);
    }
    if (reader.pos < request.turnEnd) continue;
    sink.assertRoom();
    request.turnEnd = reader.pos + TURN_BYTES;
    yield;
  }
}

/** Returns false before a field that the kernel does not take; true when nothing is left, or it was a turn's work. */
function takeUsual({ reader, sink, window }: ProtobufRequest, group: RecordGroup): boolean {
  const opens = sink.lines.open ? 1 : 0;
  const latestMs = sink.receivedAtMs + MS_PER_DAY;
  window.position = reader.pos;
  for (;;) {
    const heldBefore = window.held;
    const reason = window.decode(group.end, (at, end, linesOffset) =>
      group.decode(at, end, opens, linesOffset, latestMs),
    );
    sink.counted(window.held - heldBefore);
    reader.pos = window.position;
    switch (reason) {
      case layout.FULL:
        window.flush();
        sink.assertRoom();
        break;
      case layout.UNKNOWN_LEVEL_NAME:
        group.addLevel?.(window);
        break;
      case layout.CUT:
        return window.moveOn();
      default:
        return reason === layout.BEHIND_RECORD;
    }
  }
}
