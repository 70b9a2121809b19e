import { internalProblem } from "#app/server/http/error-response.ts";
import { problem } from "#app/server/http/problem.ts";

const TITLES: Readonly<Record<number, string>> = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
};

/** pageProblem is what an API client gets in place of an error page. */
export function pageProblem(request: Request, status: number, requestId: string): Response {
  if (status >= 500) return internalProblem(requestId);
  const { pathname } = new URL(request.url);
  return problem({
    status,
    title: TITLES[status] ?? "Request refused",
    detail: status === 404 ? `There is nothing at ${pathname}.` : `${request.method} ${pathname} was refused.`,
    ...(status === 405 ? { headers: { allow: "GET, HEAD" } } : {}),
  });
}
