import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { authoriseKey } from "#app/server/http/authorise.ts";
import { problem } from "#app/server/http/problem.ts";
import { acceptRecords } from "#app/server/protocols/accept-records.ts";
import { decodeJson } from "#app/server/protocols/json/decode-json.ts";
import { readBody } from "#app/server/protocols/read-body.ts";

const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** POST /ingest: JSON in any packing. Key, memory and limits are checked before a byte of the body is read. */
async function ingest({ request, context }: ApiRequest): Promise<Response> {
  const services = context.runtime.services();
  const { projectId } = await authoriseKey(services, context, "ingest");
  const idempotencyKey = request.headers.get("idempotency-key");
  if (idempotencyKey !== null && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    return problem({
      status: 400,
      title: "Bad Request",
      detail: "Idempotency-Key must be 1 to 255 printable ASCII characters.",
    });
  }
  const wait = new URL(request.url).searchParams.get("wait");
  if (wait !== null && wait !== "commit") {
    return problem({ status: 400, title: "Bad Request", detail: 'The parameter wait can only be "commit".' });
  }
  services.ingester.assertRoom();
  const body = await readBody(context.nodeRequest, services.env.ingest, services.memory);
  try {
    const receivedAtMs = services.clock.nowMs();
    const decoded = await decodeJson(body.bytes, receivedAtMs);
    const waitForCommit = wait === "commit";
    const answer = await acceptRecords(services, {
      projectId,
      receivedAtMs,
      decoded,
      waitForCommit,
      idempotencyKey,
      body: body.bytes,
    });
    return new Response(answer.body, { status: answer.status, headers: { "content-type": "application/json" } });
  } finally {
    body.release();
  }
}

const route = apiRoute({ POST: ingest });

export const loader = route.loader;
export const action = route.action;
