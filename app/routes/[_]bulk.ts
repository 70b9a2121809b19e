import { shipperRoute } from "#app/server/http/shipper-route.ts";
import { bulkProtocol } from "#app/server/protocols/elasticsearch/bulk-protocol.ts";
import { receiveRecords } from "#app/server/protocols/receive-records.ts";

const route = shipperRoute(bulkProtocol, { PUT: (args) => receiveRecords(bulkProtocol, args) });

export const loader = route.loader;
export const action = route.action;
