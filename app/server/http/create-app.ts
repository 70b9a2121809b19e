import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import path from "node:path";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { Connection } from "#app/server/http/connection.ts";
import { elasticsearchProbe } from "#app/server/http/elasticsearch-probe.ts";
import { internalProblem } from "#app/server/http/error-response.ts";
import { remixAdapter, type RemixAdapterOptions } from "#app/server/http/remix-adapter.ts";
import { limitRequestBody } from "#app/server/http/request-body-limits.ts";
import { requestIdOf } from "#app/server/http/request-id.ts";
import { isHostUnclear } from "#app/server/http/web-request.ts";
import { writeResponse } from "#app/server/http/write-response.ts";

export interface AppOptions extends RemixAdapterOptions {
  /** The folder of the browser build; without it no files are served. */
  clientDirectory?: string;
}

/**
 * createApp is the shell around Remix: request ids, files, the probe of shippers. What changes something is no file and no
 * probe, and goes to Remix past Express, which gives every request other prototypes: all code that then sees it runs
 * slower, and a small request costs two thirds more.
 */
export function createApp(options: AppOptions): RequestListener {
  const serve = remixAdapter(options);
  const fail = (error: unknown, response: ServerResponse) => answerFailed(error, response, options);
  const reads = createReads(options, serve, fail);
  return (request, response) => {
    prepare(request, response);
    // What will be refused is no file and no probe either.
    if ((request.method === "GET" || request.method === "HEAD") && !isHostUnclear(request)) reads(request, response);
    else serve(request, response).catch((error: unknown) => fail(error, response));
  };
}

/** Express looks for a file or a probe first. */
function createReads(
  { clientDirectory }: AppOptions,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  fail: (error: unknown, response: ServerResponse) => Promise<void>,
): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(elasticsearchProbe);
  if (clientDirectory !== undefined) serveFiles(app, clientDirectory);
  app.use(serve);
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => fail(error, response));
  return app;
}

async function answerFailed(error: unknown, response: ServerResponse, { logger }: AppOptions): Promise<void> {
  const requestId = String(response.getHeader("x-request-id"));
  logger.error({ err: error, requestId }, "cannot answer request: unexpected error");
  try {
    if (!response.headersSent)
      return await writeResponse(response, internalProblem(requestId), new Connection(response));
  } catch (writeError) {
    logger.error({ err: writeError, requestId }, "cannot say that a request failed");
  }
  // Nobody waits for this, so nothing may be thrown on: a rejection that nobody hears ends the process.
  response.destroy();
}

function prepare(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("x-request-id", requestIdOf(request.headers["x-request-id"]));
  response.setHeader("x-content-type-options", "nosniff");
  limitRequestBody(request, response);
}

function serveFiles(app: Express, clientDirectory: string): void {
  // Names below /assets carry a hash of the content.
  app.use(
    "/assets",
    express.static(path.join(clientDirectory, "assets"), {
      immutable: true,
      maxAge: "1y",
      index: false,
      redirect: false,
    }),
  );
  app.use(express.static(clientDirectory, { maxAge: "1h", index: false, redirect: false }));
}
