import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { otlpProtocol } from "#app/server/protocols/otlp/otlp-protocol.ts";

const route = shipperRoute(otlpProtocol);

export const loader = route.loader;
export const action = route.action;
