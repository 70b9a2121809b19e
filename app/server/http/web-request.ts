import type { Request as ExpressRequest } from "express";
import { readsNodeRequest } from "#app/server/http/node-request-routes.ts";
import { webBody } from "#app/server/http/web-body.ts";

/** namesNoHost tells a request that must name its host and does not; HTTP/1.0 knows no such header. */
export function namesNoHost({ headers, httpVersion }: ExpressRequest): boolean {
  return headers.host === undefined && httpVersion === "1.1";
}

/** requestUrl is the address the client asked for, or null when it is malformed. */
export function requestUrl(request: ExpressRequest): URL | null {
  if (namesNoHost(request)) return null;
  const origin = `${request.protocol}://${request.host ?? "localhost"}`;
  // A proxy may send the absolute form. A path that begins with `//` must not be taken for a host.
  const target = request.originalUrl.startsWith("/") ? origin + request.originalUrl : request.originalUrl;
  try {
    const url = new URL(target);
    if (url.protocol !== "http:" && url.protocol !== "https:") return null;
    return decodeURIComponent(url.pathname).includes("\0") ? null : url;
  } catch {
    return null;
  }
}

/** webRequest is the Request that Remix sees; without a body where the route reads the Node request itself. */
export function webRequest(request: ExpressRequest, url: URL): Request {
  // Remix answers 500 to a form whose origin is not the host, also where only the proxy's name differs. assertOwnPage knows
  // PUBLIC_URL and answers 403, so Remix's own look is made to pass. An origin without a host is as good as none.
  const { origin } = request.headers;
  const originHost = origin !== undefined && URL.canParse(origin) ? new URL(origin).host : null;
  // Pairs, because Request would copy Headers once more.
  const headers: [string, string][] = originHost === null ? [] : [["x-forwarded-host", originHost]];
  for (const [name, value] of Object.entries(request.headersDistinct)) {
    if (originHost === null ? name === "origin" : name === "x-forwarded-host") continue;
    for (const item of value ?? []) headers.push([name, item]);
  }
  const hasBody = request.method !== "GET" && request.method !== "HEAD" && !readsNodeRequest(url.pathname);
  return new Request(url, {
    method: request.method,
    headers,
    ...(hasBody ? { body: webBody(request, { keepOpen: true }), duplex: "half" } : {}),
  });
}
