import { internalProblem } from "#app/server/http/error-response.ts";
import { problem } from "#app/server/http/problem.ts";

const TITLES: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  503: "Service Unavailable",
};

export interface FailedPage {
  status: number;
  requestId: string;
  retryAfter: string | null;
  /** What the page would say; null where nothing was said. */
  detail: string | null;
}

/** pageProblem is what an API client gets in place of an error page. */
export function pageProblem(request: Request, { status, requestId, retryAfter, detail }: FailedPage): Response {
  if (status === 500) return internalProblem(requestId);
  const { pathname } = new URL(request.url);
  return problem({
    status,
    title: TITLES[status] ?? "Request refused",
    detail:
      detail ?? (status === 404 ? `There is nothing at ${pathname}.` : `${request.method} ${pathname} was refused.`),
    headers: {
      ...(status === 405 ? { allow: "GET, HEAD" } : {}),
      ...(retryAfter === null ? {} : { "retry-after": retryAfter }),
    },
  });
}
