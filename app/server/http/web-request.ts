import type { IncomingMessage } from "node:http";
import { originOf } from "#app/server/http/forwarded.ts";
import { readsNodeRequest } from "#app/server/http/node-request-routes.ts";
import { webBody } from "#app/server/http/web-body.ts";

/**
 * isHostUnclear tells a request that must name its host and does not, or names two, of which a proxy may have gone by the
 * other one (RFC 9112, 3.2). HTTP/1.0 knows no such header.
 */
export function isHostUnclear({ headers, rawHeaders, httpVersion }: IncomingMessage): boolean {
  if (headers.host === undefined) return httpVersion === "1.1";
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (isHost(rawHeaders[i] as string)) hosts++;
  return hosts > 1;
}

function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === "host";
}

/** requestUrl is the address the client asked for, or null when it is malformed. */
export function requestUrl(request: IncomingMessage, trustProxy: boolean): URL | null {
  if (isHostUnclear(request)) return null;
  const sent = request.url ?? "/";
  // A proxy may send the absolute form. A path that begins with `//` must not be taken for a host.
  const target = sent.startsWith("/") ? originOf(request, trustProxy) + sent : sent;
  try {
    const url = new URL(target);
    if (url.protocol !== "http:" && url.protocol !== "https:") return null;
    return decodeURIComponent(url.pathname).includes("\0") ? null : url;
  } catch {
    return null;
  }
}

/** pathOf is the path as it was sent. */
export function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] as string;
}

/** webRequest is the Request that Remix sees; without a body where the route reads the Node request itself. */
export function webRequest(request: IncomingMessage, url: URL): Request {
  // Remix answers 500 to a form whose origin is not the host, also where only the proxy's name differs. assertOwnPage knows
  // PUBLIC_URL and answers 403, so Remix's own look is made to pass. An origin without a host is as good as none.
  const { origin } = request.headers;
  const originHost = origin !== undefined && URL.canParse(origin) ? new URL(origin).host : null;
  // Pairs, because Request would copy Headers once more.
  const headers: [string, string][] = originHost === null ? [] : [["x-forwarded-host", originHost]];
  const { rawHeaders } = request;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (name !== (originHost === null ? "origin" : "x-forwarded-host"))
      headers.push([name, rawHeaders[i + 1] as string]);
  }
  const hasBody = request.method !== "GET" && request.method !== "HEAD" && !readsNodeRequest(url.pathname);
  return new Request(url, {
    method: request.method ?? "GET",
    headers,
    ...(hasBody ? { body: webBody(request, { keepOpen: true }), duplex: "half" } : {}),
  });
}
