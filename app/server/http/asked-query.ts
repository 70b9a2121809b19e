import type { AppLoadContext } from "@remix-run/server-runtime";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { resolveRange, toPredicate, type QueryRequest, type SearchRange } from "#app/core/query-request.ts";
import { errorResponse } from "#app/server/http/error-response.ts";
import { problem } from "#app/server/http/problem.ts";

/** AskedQuery is a query's body, understood. */
export interface AskedQuery {
  range: SearchRange;
  predicate: Predicate;
}

/** askedQuery understands a body at this moment; throws the 400 Response that says what is wrong. */
export function askedQuery(asked: QueryRequest, nowMs: number, context: AppLoadContext): AskedQuery {
  const predicate = toPredicate(asked);
  if (predicate instanceof InvalidQueryError) throw errorResponse(predicate, context);
  const range = resolveRange(asked, nowMs);
  if ("problem" in range) throw problem({ status: 400, title: "Bad Request", detail: range.problem });
  return { range, predicate };
}
