import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { gelfProtocol } from "#app/server/protocols/gelf/gelf-protocol.ts";

const route = shipperRoute(gelfProtocol);

export const loader = route.loader;
export const action = route.action;
