import { hecHealthRoute } from "#app/server/protocols/splunk/hec-acks.ts";

export const loader = hecHealthRoute.loader;
export const action = hecHealthRoute.action;
