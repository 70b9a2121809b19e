import { randomUUID } from "node:crypto";

const ACCEPTED_REQUEST_ID = /^[\w.-]{1,128}$/;

/** requestIdOf takes the sender's request id over when it is harmless in logs and headers, else makes one. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === "string" && ACCEPTED_REQUEST_ID.test(header) ? header : randomUUID();
}
