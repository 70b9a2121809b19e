import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { lokiProtocol } from "#app/server/protocols/loki/loki-protocol.ts";

const route = shipperRoute(lokiProtocol);

export const loader = route.loader;
export const action = route.action;
