import type { IncomingMessage } from "node:http";

/** originOf is the scheme and host that a request was sent to; a proxy's word for them counts with `trustProxy`. */
export function originOf({ headers }: IncomingMessage, trustProxy: boolean): string {
  const scheme = trustProxy ? firstOf(headers["x-forwarded-proto"]) : null;
  const host = trustProxy ? firstOf(headers["x-forwarded-host"]) : null;
  return `${scheme ?? "http"}://${host ?? headers.host ?? "localhost"}`;
}

/** clientAddressOf is the IP address that a request comes from; a proxy's word for it counts with `trustProxy`. */
export function clientAddressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const address = trustProxy ? firstOf(headers["x-forwarded-for"]) : null;
  return address ?? socket.remoteAddress ?? "unknown";
}

/** Proxies behind one another each add to the list; the first has seen the client. */
function firstOf(header: string | string[] | undefined): string | null {
  const list = typeof header === "string" ? header : header?.[0];
  const first = list?.split(",", 1)[0]?.trim();
  return first === undefined || first === "" ? null : first;
}
