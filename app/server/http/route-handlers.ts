import { createRequestHandler, type AppLoadContext, type ServerBuild } from "@remix-run/server-runtime";

/** RouteHandler answers a request as Remix's request handler does. */
export type RouteHandler = (request: Request, context: AppLoadContext) => Promise<Response>;

/** What paths with a name in them begin with. */
const FAMILY = /^\/(p|projects|alerts|invite)(?=\/)/;

/** RouteHandlers is Remix, path by path. */
export interface RouteHandlers {
  handlerOf(pathname: string): RouteHandler;
  /** One of few names for the figures of a path. */
  labelOf(pathname: string): string;
}

type RouteModule = ServerBuild["routes"][string]["module"];

const ACTION_METHODS = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * createRouteHandlers returns the handler of a path. Remix looks through all routes twice and makes two more Requests for
 * every request, which costs more than a small request itself; so the loader or action of a resource route whose path is
 * fixed is called here as Remix would call it.
 */
export function createRouteHandlers(build: ServerBuild): RouteHandlers {
  const all = createRequestHandler(build, "production");
  const byPath = new Map<string, RouteHandler>();
  for (const { path, parentId, module } of Object.values(build.routes)) {
    const root = parentId === undefined ? undefined : build.routes[parentId];
    const isFixed = path !== undefined && !/[:*?]/.test(path);
    // A route with a component is a page, which renders what surrounds it too.
    if (!isFixed || root === undefined || root.parentId !== undefined || "default" in module) continue;
    byPath.set(`/${path}`, resourceHandler(module, all));
  }
  return {
    handlerOf: (pathname) => byPath.get(pathname) ?? all,
    labelOf: (pathname) => (byPath.has(pathname) ? pathname : (FAMILY.exec(pathname)?.[0] ?? "other")),
  };
}

function resourceHandler(module: RouteModule, otherwise: RouteHandler): RouteHandler {
  return async (request, context) => {
    const answer = ACTION_METHODS.has(request.method) ? module.action : module.loader;
    if (answer === undefined) return await otherwise(request, context);
    try {
      const answered: unknown = await answer({ request, context, params: {} });
      if (answered instanceof Response) return answered;
    } catch (error) {
      if (error instanceof Response) return error;
      throw error;
    }
    throw new TypeError(`the route of ${new URL(request.url).pathname} answered with no Response`);
  };
}
