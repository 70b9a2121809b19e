import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { ingestProtocol } from "#app/server/protocols/ingest/ingest-protocol.ts";

const route = shipperRoute(ingestProtocol);

export const loader = route.loader;
export const action = route.action;
