import { decodeLokiJson } from "#app/server/protocols/loki/decode-loki-json.ts";
import { decodeLokiProtobuf } from "#app/server/protocols/loki/decode-loki-protobuf.ts";
import { permanentStatus, type Protocol, type SenderRequest } from "#app/server/protocols/protocol.ts";

/**
 * lokiProtocol is Loki's push (https://grafana.com/docs/loki/latest/reference/loki-http-api). Its senders drop what is
 * answered 400 and repeat nearly everything else; like Loki, a 400 for one entry does not undo the others.
 */
export const lokiProtocol: Protocol = {
  impliedEncoding: (request) => (isJson(request) ? null : "snappy"),

  decode: (body, context) =>
    isJson(context.request) ? decodeLokiJson(body, context) : decodeLokiProtobuf(body, context),

  answer({ rejected, errors: [first] }, request) {
    if (first === undefined) return new Response(null, { status: 204 });
    return text(
      `${rejected} ${rejected === 1 ? "entry was" : "entries were"} refused, entry ${first.index} first: ${first.reason}`,
      permanentStatus(400, request),
    );
  },

  refuse: ({ status, detail = "", headers }, request) => text(detail, permanentStatus(status, request), headers),
};

function text(detail: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(`${detail}\n`, { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
}

/** Protobuf is what comes without a type. */
function isJson({ header }: SenderRequest): boolean {
  return (header("content-type") ?? "").toLowerCase().startsWith("application/json");
}
