import { probeRoute } from "#app/server/protocols/elasticsearch/probes.ts";

export const loader = probeRoute.loader;
export const action = probeRoute.action;
