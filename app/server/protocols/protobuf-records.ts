import { protobufFault } from "#app/server/protocols/protobuf-fields.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { inTurns, RecordSink } from "#app/server/protocols/record-sink.ts";

/** decodeProtobuf has `readRequest` read a body in turns with other requests. Throws BodyError when it is cut or no protobuf. */
export async function decodeProtobuf(
  body: Buffer,
  { receivedAtMs, lines }: DecodeContext,
  readRequest: (body: Buffer, sink: RecordSink) => Generator<void, void>,
): Promise<DecodedRecords> {
  const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
  try {
    await inTurns(readRequest(body, sink));
  } catch (error) {
    throw protobufFault(error);
  }
  return sink.finish();
}
