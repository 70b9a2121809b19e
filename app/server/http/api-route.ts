import type { AppLoadContext } from "@remix-run/server-runtime";
import { errorResponse } from "#app/server/http/error-response.ts";
import { problem } from "#app/server/http/problem.ts";

export interface ApiRequest {
  request: Request;
  context: AppLoadContext;
  params: Readonly<Record<string, string | undefined>>;
}

export type ApiHandler = (args: ApiRequest) => Response | Promise<Response>;

export type ApiMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

type RouteFunction = (args: ApiRequest) => Promise<Response>;

/**
 * apiRoute makes a resource route's loader and action from a handler for each method.
 * HEAD falls back to GET and OPTIONS to a list of the methods; any other method answers 405 with Allow.
 * Nothing is ever thrown at Remix, which would answer with a page. Remix cannot remove destructured exports
 * from the browser build, so a route writes: `export const loader = route.loader; export const action = route.action;`
 */
export function apiRoute(handlers: Partial<Record<ApiMethod, ApiHandler>>): {
  loader: RouteFunction;
  action: RouteFunction;
} {
  const byMethod = new Map<string, ApiHandler>(Object.entries(handlers));
  if (handlers.GET && !handlers.HEAD) byMethod.set("HEAD", handlers.GET);
  const allow = [...new Set([...byMethod.keys(), "OPTIONS"])].join(", ");
  if (!handlers.OPTIONS) byMethod.set("OPTIONS", () => new Response(null, { status: 204, headers: { allow } }));

  async function respond(args: ApiRequest): Promise<Response> {
    const { method = "" } = args.context.nodeRequest;
    const handler = byMethod.get(method);
    if (!handler) return methodNotAllowed(method, allow);
    try {
      return await handler(args);
    } catch (error) {
      // Work that ends because its client is gone is no error, and nobody reads this answer.
      if (args.context.gone.aborted) return new Response(null, { status: 499 });
      return errorResponse(error, args.context);
    }
  }
  return { loader: respond, action: respond };
}

/** methodNotAllowed names the methods that would have worked. */
export function methodNotAllowed(method: string, allow: string): Response {
  return problem({
    status: 405,
    title: "Method Not Allowed",
    detail: `${method} is not understood here. Use one of: ${allow}.`,
    headers: { allow },
  });
}
