import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { hecRawProtocol } from "#app/server/protocols/splunk/hec-protocol.ts";

const route = shipperRoute(hecRawProtocol);

export const loader = route.loader;
export const action = route.action;
