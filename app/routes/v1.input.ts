import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { datadogProtocol } from "#app/server/protocols/datadog/datadog-protocol.ts";

const route = shipperRoute(datadogProtocol);

export const loader = route.loader;
export const action = route.action;
