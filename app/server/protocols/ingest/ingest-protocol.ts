import { problem } from "#app/server/http/problem.ts";
import { TextResponse } from "#app/server/http/text-response.ts";
import { decodeJson } from "#app/server/protocols/json/decode-json.ts";
import type { Protocol } from "#app/server/protocols/protocol.ts";

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** ingestProtocol is our own: JSON in any packing, whatever the content type says. */
export const ingestProtocol: Protocol = {
  check({ url, header }) {
    const idempotencyKey = header("idempotency-key") ?? null;
    if (idempotencyKey !== null && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      throw badRequest("Idempotency-Key must be 1 to 255 printable ASCII characters.");
    }
    const wait = url.searchParams.get("wait");
    if (wait !== null && wait !== "commit") throw badRequest('The parameter wait can only be "commit".');
    return { waitForCommit: wait === "commit", idempotencyKey };
  },
  decode: (body, { receivedAtMs }) => decodeJson(body, receivedAtMs),
  answer: (_decoded, _request, { status, body }) =>
    new TextResponse(body, { status, headers: { "content-type": "application/json" } }),
  refuse: problem,
};

function badRequest(detail: string): Response {
  return problem({ status: 400, title: "Bad Request", detail });
}
