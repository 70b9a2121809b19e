import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { seqProtocol } from "#app/server/protocols/seq/seq-protocol.ts";

const route = shipperRoute(seqProtocol);

export const loader = route.loader;
export const action = route.action;
