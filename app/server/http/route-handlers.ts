import { createRequestHandler, type AppLoadContext, type ServerBuild } from "@remix-run/server-runtime";

/** RouteHandler answers a request as Remix's request handler does; the Request is made for those who ask for it. */
export type RouteHandler = (request: () => Request, context: AppLoadContext) => Promise<Response>;

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
  const handleRequest = createRequestHandler(build, "production");
  const all: RouteHandler = (request, context) => handleRequest(request(), context);
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
    const answer = ACTION_METHODS.has(context.nodeRequest.method ?? "") ? module.action : module.loader;
    if (answer === undefined) return await otherwise(request, context);
    try {
      const answered: unknown = await answer(new ResourceArguments(request, context));
      if (answered instanceof Response) return answered;
    } catch (error) {
      if (error instanceof Response) return error;
      throw error;
    }
    throw new TypeError(`the route of ${context.nodeRequest.url} answered with no Response`);
  };
}

/** Shippers' requests are read as Node sees them, and a Request costs more than the rest of their way through HTTP. */
class ResourceArguments {
  readonly context: AppLoadContext;
  readonly params = {};
  readonly #makeRequest: () => Request;
  #request: Request | null = null;

  constructor(makeRequest: () => Request, context: AppLoadContext) {
    this.#makeRequest = makeRequest;
    this.context = context;
  }

  get request(): Request {
    return (this.#request ??= this.#makeRequest());
  }
}
