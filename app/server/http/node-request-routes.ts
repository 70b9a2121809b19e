/**
 * Routes that read the body from `context.nodeRequest` themselves, because they count, decompress and parse it while
 * it arrives. They get a Request without a body: a body that two readers share loses bytes without an error.
 */
const NODE_REQUEST_ROUTES: readonly ((pathname: string) => boolean)[] = [(pathname) => pathname === "/ingest"];

/** readsNodeRequest tells whether the route of a path reads the Node request itself. */
export function readsNodeRequest(pathname: string): boolean {
  // Remix serves `/ingest.data` and `/ingest/` from the same route.
  const routePath = pathname.replace(/\.data$/, "").replace(/(?<=.)\/+$/, "");
  return NODE_REQUEST_ROUTES.some((matches) => matches(routePath));
}
