import type { IncomingMessage, ServerResponse } from "node:http";
import type { AppLoadContext } from "@remix-run/server-runtime";
import { methodNotAllowed } from "#app/server/http/api-route.ts";
import { Connection } from "#app/server/http/connection.ts";
import { internalProblem } from "#app/server/http/error-response.ts";
import { LoadContext } from "#app/server/http/load-context.ts";
import { problem } from "#app/server/http/problem.ts";
import type { RouteHandler } from "#app/server/http/route-handlers.ts";
import { securityHeaders } from "#app/server/http/security-headers.ts";
import { pathOf, requestUrl, webRequest } from "#app/server/http/web-request.ts";
import { writeResponse } from "#app/server/http/write-response.ts";
import type { Runtime } from "#app/server/runtime.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface RemixAdapterOptions {
  /** Remix's handler for a path, or anything of its shape. */
  handlerOf(pathname: string): RouteHandler;
  runtime: Runtime;
  /** Told of every answer that was sent to its end. */
  onAnswered?: (answer: { pathname: string; status: number; elapsedMs: number }) => void;
  /** Runs around everything that answers a request. */
  around?: (
    request: IncomingMessage,
    pathname: string,
    response: ServerResponse,
    answer: () => Promise<void>,
  ) => Promise<void>;
  logger: Logger;
  /** Take the client's address, host and scheme from the proxy's headers. */
  trustProxy: boolean;
  /** Aborts when the server stops: endless answers end, connections are not kept. */
  stopping?: AbortSignal;
}

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const KNOWN_METHODS = new Set(METHODS.split(", "));

/**
 * remixAdapter joins Express and Remix. Remix's own Node writer ignores backpressure and never cancels the body's
 * source, and its `request.signal` may never fire once garbage was collected.
 */
export function remixAdapter(options: RemixAdapterOptions) {
  const { runtime, logger, stopping, onAnswered, around, trustProxy } = options;
  if (around === undefined) return serve;
  return (request: IncomingMessage, response: ServerResponse) =>
    around(request, pathOf(request), response, () => serve(request, response));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    const requestId = String(response.getHeader("x-request-id"));
    const commonHeaders = response.getHeaderNames();
    const connection = new Connection(response);
    const context = new LoadContext({ runtime, logger, requestId, nodeRequest: request, connection, trustProxy });
    try {
      const answer = await answerOf(request, context, options);
      if (answer.headers.get("content-type")?.startsWith("text/html")) {
        for (const [name, value] of Object.entries(securityHeaders(context.cspNonce))) response.setHeader(name, value);
      }
      await writeResponse(response, answer, connection, stopping);
      onAnswered?.({ pathname: pathOf(request), status: answer.status, elapsedMs: performance.now() - startedMs });
    } catch (error) {
      if (connection.isGone) return;
      logger.error({ err: error, requestId }, "cannot finish answer");
      if (response.headersSent) return;
      for (const name of response.getHeaderNames()) if (!commonHeaders.includes(name)) response.removeHeader(name);
      await writeResponse(response, internalProblem(requestId), connection, stopping);
    }
  }
}

async function answerOf(
  request: IncomingMessage,
  context: AppLoadContext,
  { handlerOf, logger, trustProxy }: RemixAdapterOptions,
): Promise<Response> {
  // Remix answers other methods with text, and the Request constructor throws at TRACE and CONNECT.
  const { method = "" } = request;
  if (!KNOWN_METHODS.has(method)) return methodNotAllowed(method, METHODS);
  const url = requestUrl(request, trustProxy);
  if (url === null) {
    return problem({ status: 400, title: "Bad Request", detail: "The address of the request is malformed." });
  }
  // With `_data` Remix calls the named route whatever the path is, past everything that goes by the path.
  if (url.searchParams.has("_data")) {
    return problem({ status: 400, title: "Bad Request", detail: "The parameter _data is reserved." });
  }
  try {
    return await handlerOf(url.pathname)(() => webRequest(request, url), context);
  } catch (error) {
    logger.error({ err: error, requestId: context.requestId }, "cannot answer request: unexpected error");
    return internalProblem(context.requestId);
  }
}
