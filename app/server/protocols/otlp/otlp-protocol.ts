import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { Refusal } from "#app/server/http/error-response.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { decodeOtlpJson } from "#app/server/protocols/otlp/decode-otlp-json.ts";
import { decodeOtlpProtobuf } from "#app/server/protocols/otlp/decode-otlp-protobuf.ts";
import { delimited, varint } from "#app/server/protocols/protobuf-fields.ts";
import type { Protocol, SenderRequest } from "#app/server/protocols/protocol.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";

const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";

/**
 * otlpProtocol is OTLP/HTTP logs (https://opentelemetry.io/docs/specs/otlp). Exporters repeat a request after 429, 502, 503
 * and 504 only, so what may work later must not be a 500; refused records are a 200 with partialSuccess, which is not repeated.
 */
export const otlpProtocol: Protocol = {
  check({ header }) {
    const type = contentTypeOf(header("content-type"));
    if (type !== JSON_TYPE && type !== PROTOBUF_TYPE) {
      throw new BodyError(415, `its Content-Type must be ${PROTOBUF_TYPE} or ${JSON_TYPE}`);
    }
    return undefined;
  },

  decode: (body, context) =>
    isJson(context.request) ? decodeOtlpJson(body, context) : decodeOtlpProtobuf(body, context),

  answer({ rejected, errors }: DecodedRecords, request) {
    const errorMessage = errors[0] === undefined ? "" : `record ${errors[0].index}: ${errors[0].reason}`;
    if (isJson(request)) {
      // A 64-bit number is a string in protobuf's JSON.
      const partialSuccess = { rejectedLogRecords: String(rejected), errorMessage };
      return Response.json(rejected === 0 ? {} : { partialSuccess });
    }
    const writer = new BinaryWriter();
    if (rejected > 0) {
      writer.uint32(delimited(1)).fork();
      writer.uint32(varint(1)).int64(rejected).uint32(delimited(2)).string(errorMessage).join();
    }
    return protobufResponse(writer, 200);
  },

  refuse({ status, detail = "", headers }: Refusal, request) {
    const retriedStatus = status === 500 ? 503 : status;
    const code = GRPC_CODES.get(retriedStatus) ?? INTERNAL;
    if (isJson(request))
      return Response.json({ code, message: detail }, { status: retriedStatus, headers: headers ?? {} });
    const writer = new BinaryWriter().uint32(varint(1)).int32(code).uint32(delimited(2)).string(detail);
    return protobufResponse(writer, retriedStatus, headers);
  },
};

/** google.rpc.Code for a status. */
const GRPC_CODES: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [413, 3],
  [415, 3],
  [429, 8],
  [503, 14],
]);
const INTERNAL = 13;

function protobufResponse(writer: BinaryWriter, status: number, headers: Record<string, string> = {}): Response {
  return new Response(writer.finish(), { status, headers: { ...headers, "content-type": PROTOBUF_TYPE } });
}

function isJson({ header }: SenderRequest): boolean {
  return contentTypeOf(header("content-type")) === JSON_TYPE;
}

/** A request without a type is taken for protobuf, which every exporter's default is. */
function contentTypeOf(header: string | undefined): string {
  const type = (header ?? PROTOBUF_TYPE).split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "application/protobuf" ? PROTOBUF_TYPE : type;
}
