/**
 * Routes that read the body from `context.nodeRequest` themselves, because they count, decompress and parse it while
 * it arrives. They get a Request without a body: a body that two readers share loses bytes without an error.
 */
const NODE_REQUEST_ROUTES: readonly RegExp[] = [
  /^\/ingest$/,
  /^\/v1\/logs$/,
  /^\/(loki\/api\/v1|api\/prom)\/push$/,
  /^(\/[^/]+)?\/_bulk$/,
  /^\/services\/collector(\/(event|raw)(\/1\.0)?)?$/,
  /^\/(api\/v2\/logs|v1\/input)$/,
  /^\/gelf$/,
  /^\/(api\/events\/raw|ingest\/clef)$/,
  /^(\/ingest\/journald(\/[^/]+)?)?\/upload$/,
];

/** readsNodeRequest tells whether the route of a path reads the Node request itself. */
export function readsNodeRequest(pathname: string): boolean {
  // Remix serves `/ingest.data` and `/ingest/` from the same route.
  const routePath = pathname.replace(/\.data$/, "").replace(/(?<=.)\/+$/, "");
  return NODE_REQUEST_ROUTES.some((pattern) => pattern.test(routePath));
}
