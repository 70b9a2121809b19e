import { hecAckRoute } from "#app/server/protocols/splunk/hec-acks.ts";

export const loader = hecAckRoute.loader;
export const action = hecAckRoute.action;
