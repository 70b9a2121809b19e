import type { z } from "zod";
import { queryRequestSchema, type QueryRequest } from "#app/core/query-request.ts";
import { problem } from "#app/server/http/problem.ts";
import { wordIssue } from "#app/server/http/word-issue.ts";

/** Fields of a query's body that can have several values. */
const REPEATABLE = new Set(["service", "level"]);
/** Fields that are numbers; an address has only text. */
const NUMERIC = new Set(["limit"]);
const TAG_PREFIX = "tags.";

/** QueryParameters is a query's body given as parameters, and the route's own parameters beside it. */
export interface QueryParameters {
  asked: QueryRequest;
  own: Record<string, string>;
}

/**
 * readQueryParameters reads the fields of a query's body from an address: `service=a&service=b`, `tags.host=n1`. Names in
 * `own` are the route's. Throws the 400 Response for a name that is neither and for one given twice, since a condition that
 * is passed over finds too much.
 */
export function readQueryParameters(url: URL, own: readonly string[]): QueryParameters {
  const body = Object.create(null) as Record<string, unknown>;
  const tags = Object.create(null) as Record<string, string>;
  const found: QueryParameters["own"] = {};
  const given = new Set<string>();
  for (const [name, value] of url.searchParams) {
    // With a cookie session it names the project; a key has its own.
    if (name === "project") continue;
    if (REPEATABLE.has(name)) body[name] = [...((body[name] as string[] | undefined) ?? []), value];
    else if (given.has(name)) throw refusal([{ field: name, reason: "is given twice" }]);
    else if (own.includes(name)) found[name] = value;
    else if (name.startsWith(TAG_PREFIX)) tags[name.slice(TAG_PREFIX.length)] = value;
    else body[name] = NUMERIC.has(name) ? Number(value) : value;
    given.add(name);
  }
  if (Object.keys(tags).length > 0) body["tags"] = tags;
  const parsed = queryRequestSchema.safeParse(body, { error: wordIssue });
  if (parsed.success) return { asked: parsed.data, own: found };
  throw refusal(parsed.error.issues.map(fieldAndReason));
}

/** refusal is the 400 or 422 that names each field that is wrong. */
export function refusal(errors: { field: string; reason: string }[], status: 400 | 422 = 400): Response {
  const detail = errors.map(({ field, reason }) => (field === "" ? reason : `${field}: ${reason}`)).join("; ");
  const title = status === 400 ? "Bad Request" : "Unprocessable Content";
  return problem({ status, title, detail, extra: { errors } });
}

export function fieldAndReason({ path, message }: z.core.$ZodIssue): { field: string; reason: string } {
  return { field: path.join("."), reason: message };
}
