import path from "node:path";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { elasticsearchProbe } from "#app/server/http/elasticsearch-probe.ts";
import { internalProblem } from "#app/server/http/error-response.ts";
import { remixAdapter, type RemixAdapterOptions } from "#app/server/http/remix-adapter.ts";
import { limitRequestBody } from "#app/server/http/request-body-limits.ts";
import { requestIdOf } from "#app/server/http/request-id.ts";
import { namesNoHost } from "#app/server/http/web-request.ts";
import { connectionOf, writeResponse } from "#app/server/http/write-response.ts";

export interface AppOptions extends RemixAdapterOptions {
  /** The folder of the browser build; without it no files are served. */
  clientDirectory?: string;
  /** Take the client's address, host and scheme from the proxy's headers. */
  trustProxy: boolean;
}

/** createApp is the shell around Remix: request ids, files, the probe of shippers. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", options.trustProxy);
  const serve = remixAdapter(options);
  app.use((request, response, next) => {
    prepare(request, response);
    // What changes something is no file and no probe, and neither is what will be refused.
    if ((request.method === "GET" || request.method === "HEAD") && !namesNoHost(request)) next();
    else return serve(request, response);
    return undefined;
  });
  app.use(elasticsearchProbe);
  if (options.clientDirectory !== undefined) serveFiles(app, options.clientDirectory);
  app.use(serve);
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const requestId = String(response.getHeader("x-request-id"));
    options.logger.error({ err: error, requestId }, "cannot answer request: unexpected error");
    if (response.headersSent) {
      response.destroy();
      return undefined;
    }
    return writeResponse(response, internalProblem(requestId), connectionOf(response));
  });
  return app;
}

function prepare(request: Request, response: Response): void {
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
