import { PassThrough } from "node:stream";
import { isRouteErrorResponse, RemixServer } from "@remix-run/react";
import type { AppLoadContext, EntryContext } from "@remix-run/server-runtime";
import { isbot } from "isbot";
import { renderToPipeableStream } from "react-dom/server";
import { CspNonceProvider } from "#app/components/csp-nonce.ts";
import { acceptsHtml } from "#app/server/http/accepts-html.ts";
import { internalProblem } from "#app/server/http/error-response.ts";
import { pageProblem } from "#app/server/http/page-problem.ts";
import type { PageProblem } from "#app/server/http/page.ts";
import { webBody } from "#app/server/http/web-body.ts";

/** Data that a page still waits for after this long is given up. */
export const streamTimeout = 10_000;

/** A page that failed is HTML for browsers and a problem document for everything else. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  context: AppLoadContext,
): Promise<Response> | Response {
  const retryAfter = status < 400 ? null : retryAfterOf(remixContext.staticHandlerContext);
  if (retryAfter !== null) headers.set("retry-after", retryAfter);
  if (status >= 400 && !acceptsHtml(request.headers)) {
    const detail = detailOf(remixContext.staticHandlerContext);
    return pageProblem(request, { status, requestId: context.requestId, retryAfter, detail });
  }
  return renderPage(request, status, headers, remixContext, context);
}

/** Remix drops the headers of what is thrown at a page, and those of a form's answer unless the route asks for them. */
function retryAfterOf({ actionHeaders, loaderHeaders }: EntryContext["staticHandlerContext"]): string | null {
  for (const headers of [...Object.values(actionHeaders), ...Object.values(loaderHeaders)]) {
    const retryAfter = headers.get("retry-after");
    if (retryAfter !== null) return retryAfter;
  }
  return null;
}

/** What the page would say. */
function detailOf({ errors }: EntryContext["staticHandlerContext"]): string | null {
  for (const error of Object.values(errors ?? {})) {
    if (isRouteErrorResponse(error) && isPageProblem(error.data)) return error.data.detail;
  }
  return null;
}

function isPageProblem(thrown: unknown): thrown is PageProblem {
  return typeof thrown === "object" && thrown !== null && "detail" in thrown && typeof thrown.detail === "string";
}

/** handleError is told of everything thrown in pages; a caller's mistakes are answers and no news. */
export function handleError(error: unknown, { context }: { context: AppLoadContext }): void {
  if (context.gone.aborted || isCallersMistake(error)) return;
  context.logger.error({ err: error, requestId: context.requestId }, "cannot answer page request");
}

function isCallersMistake(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "status" in error &&
    typeof error.status === "number" &&
    error.status < 500
  );
}

function renderPage(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  context: AppLoadContext,
): Promise<Response> {
  // Crawlers read no scripts, so they get the page when all of it is there.
  const whenReady = isbot(request.headers.get("user-agent")) ? "onAllReady" : "onShellReady";
  return new Promise((resolve, reject) => {
    let answerStatus = status;
    const { pipe, abort } = renderToPipeableStream(
      <CspNonceProvider value={context.cspNonce}>
        <RemixServer context={remixContext} url={request.url} abortDelay={streamTimeout} nonce={context.cspNonce} />
      </CspNonceProvider>,
      {
        nonce: context.cspNonce,
        [whenReady]() {
          const html = new PassThrough();
          headers.set("content-type", "text/html; charset=utf-8");
          if (!headers.has("cache-control")) headers.set("cache-control", "private, no-store");
          resolve(new Response(webBody(html, { keepOpen: false }), { status: answerStatus, headers }));
          pipe(html);
        },
        onShellError: reject,
        onError(error) {
          answerStatus = 500;
          handleError(error, { context });
        },
      },
    );
    const timer = setTimeout(abort, streamTimeout + 1_000);
    timer.unref();
    context.gone.addEventListener("abort", () => abort(), { once: true });
  }).catch((error: unknown) => {
    handleError(error, { context });
    return internalProblem(context.requestId);
  }) as Promise<Response>;
}
