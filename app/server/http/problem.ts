import { TextResponse } from "#app/server/http/text-response.ts";

export interface ProblemOptions {
  status: number;
  title: string;
  detail?: string;
  /** A relative reference such as `/problems/object-store`; `about:blank` when the status says it all. */
  type?: string;
  headers?: Record<string, string>;
  /** Further members, such as `position`. They cannot replace the standard ones. */
  extra?: Record<string, unknown>;
}

/** problem builds an error answer as RFC 9457 describes it. */
export function problem({ status, title, detail, type = "about:blank", headers, extra }: ProblemOptions): Response {
  const body = { ...extra, type, title, status, ...(detail === undefined ? {} : { detail }) };
  return new TextResponse(JSON.stringify(body), {
    status,
    headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

/** notFound is the answer for what is not there and for what belongs to others alike. */
export function notFound(what: string): Response {
  return problem({ status: 404, title: "Not Found", detail: `There is no such ${what}.` });
}
