import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { hecEventProtocol } from "#app/server/protocols/splunk/hec-protocol.ts";

// Docker's splunk driver sends only after an OPTIONS that was answered 200.
const route = shipperRoute(hecEventProtocol, { OPTIONS: () => new Response(null) });

export const loader = route.loader;
export const action = route.action;
