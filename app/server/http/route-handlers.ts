import { createRequestHandler, type AppLoadContext, type ServerBuild } from "@remix-run/server-runtime";

/** RouteHandler is Remix's request handler. */
export type RouteHandler = (request: Request, context: AppLoadContext) => Promise<Response>;

/**
 * createRouteHandlers returns the handler of a path. Remix looks through all routes twice for every request, which costs
 * more than a small request itself; a resource route whose path is fixed gets a handler that knows no other.
 */
export function createRouteHandlers(build: ServerBuild): (pathname: string) => RouteHandler {
  const all = createRequestHandler(build, "production");
  const byPath = new Map<string, RouteHandler>();
  for (const { id, path, parentId, module } of Object.values(build.routes)) {
    const root = parentId === undefined ? undefined : build.routes[parentId];
    const isFixed = path !== undefined && !/[:*?]/.test(path);
    // A route with a component is a page, which renders what surrounds it too.
    if (!isFixed || root === undefined || root.parentId !== undefined || "default" in module) continue;
    const routes = { [root.id]: root, [id]: build.routes[id] as ServerBuild["routes"][string] };
    byPath.set(`/${path}`, createRequestHandler({ ...build, routes }, "production"));
  }
  return (pathname) => byPath.get(pathname) ?? all;
}
