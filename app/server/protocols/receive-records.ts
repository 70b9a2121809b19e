import type { IncomingMessage } from "node:http";
import type { AppLoadContext } from "@remix-run/server-runtime";
import { authoriseSender } from "#app/server/auth/authorise-sender.ts";
import type { KeyIdentity } from "#app/server/auth/key-authenticator.ts";
import { readSenderKey } from "#app/server/auth/sender-key.ts";
import { describeError } from "#app/server/http/error-response.ts";
import { acceptRecords } from "#app/server/protocols/accept-records.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import type { Protocol, SenderRequest } from "#app/server/protocols/protocol.ts";
import { readBody } from "#app/server/protocols/read-body.ts";
import type { Services } from "#app/server/services.ts";

export interface ReceiveArguments {
  context: AppLoadContext;
  params: Readonly<Record<string, string | undefined>>;
}

/** receiveRecords takes one request of any protocol. Key, rate and room are checked before a byte of the body is read. */
export async function receiveRecords<T extends DecodedRecords>(
  protocol: Protocol<T>,
  { context, params }: ReceiveArguments,
): Promise<Response> {
  const { nodeRequest } = context;
  const sender = senderRequestOf(nodeRequest, params);
  const { metrics } = context.runtime;
  try {
    const services = context.runtime.services();
    const identity = await admitSender(services, sender, nodeRequest);
    const { projectId, lines } = identity;
    const options = protocol.check?.(sender) ?? { waitForCommit: false, idempotencyKey: null };
    const body = await readBody(nodeRequest, {
      projectId,
      limits: services.env.ingest,
      memory: services.memory,
      impliedEncoding: protocol.impliedEncoding?.(sender),
    });
    try {
      const receivedAtMs = services.clock.nowMs();
      const decoded = await protocol.decode(body.bytes, { request: sender, receivedAtMs, lines });
      const records = decoded.block.count + decoded.rejected;
      metrics.countRejected(decoded.rejected);
      services.rates.charge(identity, body.bytes.length - announcedBytesOf(nodeRequest), records);
      const accepted = await acceptRecords(services, {
        projectId,
        receivedAtMs,
        decoded,
        ...options,
        body: body.bytes,
      });
      const answer = protocol.answer(decoded, sender, accepted);
      for (const [name, value] of Object.entries(services.rates.headersOf(identity))) answer.headers.set(name, value);
      return answer;
    } finally {
      body.release();
    }
  } catch (error) {
    if (error instanceof Response) return error;
    const refusal = describeError(error, context);
    metrics.countRefused(refusal.code);
    return protocol.refuse(refusal, sender);
  }
}

/** admitSender lets a sender pass that has a key, keeps its rate, and has room to write to. Throws an AkavelogError. */
export async function admitSender(
  services: Services,
  sender: SenderRequest,
  nodeRequest: IncomingMessage,
): Promise<KeyIdentity> {
  const key = sender.params["key"] ?? readSenderKey(sender.header, sender.url.searchParams);
  const identity = await authoriseSender(services.authenticator, key);
  services.ingester.assertRoom();
  // Last, since a request that finds no room has taken nothing.
  services.rates.admit(identity, announcedBytesOf(nodeRequest));
  return identity;
}

/** Protocols look at path and parameters only. */
const ANY_ORIGIN = "http://localhost";

/** senderRequestOf is what the protocols see of a request. */
export function senderRequestOf(
  { headers, method = "GET", url = "/" }: IncomingMessage,
  params: SenderRequest["params"],
): SenderRequest {
  return {
    method,
    url: new URL(url.startsWith("/") ? ANY_ORIGIN + url : url),
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    params,
  };
}

function announcedBytesOf({ headers }: IncomingMessage): number {
  return Number(headers["content-length"] ?? 0);
}
