import { isRouteErrorResponse, useRouteError } from "@remix-run/react";

/** Problem is what an error page says. */
export interface Problem {
  status: number;
  title: string;
  detail: string;
}

/** useProblem reads what was thrown in a route; an answer without words of its own gets ours. */
export function useProblem(): Problem {
  const error = useRouteError();
  const status = isRouteErrorResponse(error) ? error.status : 500;
  const said: unknown = isRouteErrorResponse(error) ? error.data : null;
  const own =
    status >= 500
      ? {
          title: "Something went wrong",
          detail: "The server could not make this page. Its log has the details; reloading may help.",
        }
      : { title: "This does not work here", detail: "The address exists, but not for what was asked of it." };
  return { status, ...own, ...(isProblem(said) ? { title: said.title, detail: said.detail } : {}) };
}

function isProblem(value: unknown): value is Pick<Problem, "title" | "detail"> {
  return typeof value === "object" && value !== null && "title" in value && "detail" in value;
}
