import { apiRoute, type ApiHandler, type ApiMethod } from "#app/server/http/api-route.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import type { Protocol } from "#app/server/protocols/protocol.ts";
import { receiveRecords } from "#app/server/protocols/receive-records.ts";

/** shipperRoute is a resource route that takes logs in a protocol. Its address goes into node-request-routes.ts. */
export function shipperRoute<T extends DecodedRecords>(
  protocol: Protocol<T>,
  others: Partial<Record<ApiMethod, ApiHandler>> = {},
): ReturnType<typeof apiRoute> {
  return apiRoute({ POST: (args) => receiveRecords(protocol, args), ...others });
}
