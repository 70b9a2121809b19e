import { randomBytes } from "node:crypto";
import type { AppLoadContext } from "@remix-run/server-runtime";
import type { Request as ExpressRequest, Response as ExpressResponse } from "express";
import { methodNotAllowed } from "#app/server/http/api-route.ts";
import { internalProblem } from "#app/server/http/error-response.ts";
import { problem } from "#app/server/http/problem.ts";
import type { RouteHandler } from "#app/server/http/route-handlers.ts";
import { securityHeaders } from "#app/server/http/security-headers.ts";
import { requestUrl, webRequest } from "#app/server/http/web-request.ts";
import { connectionOf, writeResponse } from "#app/server/http/write-response.ts";
import type { Runtime } from "#app/server/runtime.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface RemixAdapterOptions {
  /** Remix's handler for a path, or anything of its shape. */
  handlerOf(pathname: string): RouteHandler;
  runtime: Runtime;
  /** Told of every answer that was sent to its end. */
  onAnswered?: (answer: { pathname: string; status: number; elapsedMs: number }) => void;
  /** Runs around everything that answers a request. */
  around?: (request: ExpressRequest, response: ExpressResponse, answer: () => Promise<void>) => Promise<void>;
  logger: Logger;
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
  const { runtime, logger, stopping, onAnswered, around } = options;
  if (around === undefined) return serve;
  return (request: ExpressRequest, response: ExpressResponse) =>
    around(request, response, () => serve(request, response));

  async function serve(request: ExpressRequest, response: ExpressResponse): Promise<void> {
    const startedMs = performance.now();
    const requestId = String(response.getHeader("x-request-id"));
    const commonHeaders = response.getHeaderNames();
    const connection = connectionOf(response);
    // What only pages need is made when it is asked for.
    let cspNonce: string | undefined;
    const context: AppLoadContext = {
      runtime,
      logger,
      requestId,
      nodeRequest: request,
      get cspNonce() {
        return (cspNonce ??= randomBytes(16).toString("base64"));
      },
      gone: connection.gone,
      drained: connection.drained,
      get clientAddress() {
        return request.ip ?? "unknown";
      },
    };
    try {
      const answer = await answerOf(request, context, options);
      if (answer.headers.get("content-type")?.startsWith("text/html")) {
        response.set(securityHeaders(context.cspNonce));
      }
      await writeResponse(response, answer, connection, stopping);
      onAnswered?.({ pathname: request.path, status: answer.status, elapsedMs: performance.now() - startedMs });
    } catch (error) {
      if (connection.gone.aborted) return;
      logger.error({ err: error, requestId }, "cannot finish answer");
      if (response.headersSent) return;
      for (const name of response.getHeaderNames()) if (!commonHeaders.includes(name)) response.removeHeader(name);
      await writeResponse(response, internalProblem(requestId), connection, stopping);
    }
  }
}

async function answerOf(
  request: ExpressRequest,
  context: AppLoadContext,
  { handlerOf, logger }: RemixAdapterOptions,
): Promise<Response> {
  // Remix answers other methods with text, and the Request constructor throws at TRACE and CONNECT.
  if (!KNOWN_METHODS.has(request.method)) return methodNotAllowed(request.method, METHODS);
  const url = requestUrl(request);
  if (url === null) {
    return problem({ status: 400, title: "Bad Request", detail: "The address of the request is malformed." });
  }
  // With `_data` Remix calls the named route whatever the path is, past everything that goes by the path.
  if (url.searchParams.has("_data")) {
    return problem({ status: 400, title: "Bad Request", detail: "The parameter _data is reserved." });
  }
  try {
    return await handlerOf(url.pathname)(webRequest(request, url), context);
  } catch (error) {
    logger.error({ err: error, requestId: context.requestId }, "cannot answer request: unexpected error");
    return internalProblem(context.requestId);
  }
}
