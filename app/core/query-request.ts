import { z } from "zod";
import { normaliseLevel, type Level } from "#app/core/level.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { allOf, levelIn, type Predicate } from "#app/core/query/predicate.ts";
import { MAX_NEEDLE_BYTES } from "#app/core/query/reader.ts";
import { parseTimePoint } from "#app/core/time-range.ts";

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 10_000;

const timePoint = z.union([z.string().max(64), z.number()]);
const texts = z.array(z.string().max(1024)).max(1000);

/** By hand, because a zod record passes over the key `__proto__`, and a condition that is passed over finds everything. */
const tagFilter = z.unknown().transform((given, context): Record<string, string> => {
  const conditions: Record<string, string> = Object.create(null) as Record<string, string>;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    context.addIssue({ code: "custom", message: "must be an object of strings" });
    return z.NEVER;
  }
  for (const [key, value] of Object.entries(given)) {
    if (typeof value !== "string" || key.length > 1024 || value.length > 8192) {
      context.addIssue({ code: "custom", path: [key], message: "must be a string of at most 8192 characters" });
      return z.NEVER;
    }
    conditions[key] = value;
  }
  return conditions;
});

/** The body of POST /query. */
export const queryRequestSchema = z.strictObject({
  from: timePoint.optional(),
  to: timePoint.optional(),
  /** Its limits are the parser's, whose refusals say more. */
  query: z.string().optional(),
  service: z
    .union([
      z
        .string()
        .max(1024)
        .transform((value) => [value]),
      texts,
    ])
    .optional(),
  level: z
    .union([
      z
        .string()
        .max(64)
        .transform((value) => [value]),
      texts,
    ])
    .optional(),
  tags: tagFilter.optional(),
  keyword: z
    .string()
    .refine(
      (text) => new TextEncoder().encode(text).length <= MAX_NEEDLE_BYTES,
      `is longer than ${MAX_NEEDLE_BYTES} bytes`,
    )
    .optional(),
  limit: z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  order: z.enum(["desc", "asc"]).default("desc"),
  cursor: z.string().max(4096).nullish(),
});

export type QueryRequest = z.infer<typeof queryRequestSchema>;

/** SearchRange is the asked time, resolved: `fromNs` inclusive, `toNs` exclusive. */
export interface SearchRange {
  fromNs: bigint;
  toNs: bigint;
}

/** resolveRange resolves the bounds against the clock, or says which one is not understood. */
export function resolveRange(request: QueryRequest, nowMs: number): SearchRange | { problem: string } {
  const fromNs = parseTimePoint(request.from ?? "now-1h", nowMs);
  const toNs = parseTimePoint(request.to ?? "now", nowMs);
  const expected = `expected "now-1h", RFC 3339, or epoch milliseconds`;
  if (fromNs === null) return { problem: `from is not a time: ${expected}` };
  if (toNs === null) return { problem: `to is not a time: ${expected}` };
  return { fromNs, toNs };
}

/** toPredicate joins the request's conditions, all of which must hold, or says what is wrong with its query. */
export function toPredicate(request: QueryRequest): Predicate | InvalidQueryError {
  const { service, level, tags = {}, keyword, query } = request;
  const of: Predicate[] = [];
  if (service !== undefined && service.length > 0)
    of.push({ kind: "equals", field: { name: "service" }, values: service.map(wellFormed) });
  if (level !== undefined && level.length > 0) of.push(levelIn(levelsOf(level)));
  for (const [key, value] of Object.entries(tags))
    of.push({ kind: "equals", field: { name: "tag", key: wellFormed(key) }, values: [wellFormed(value)] });
  if (keyword !== undefined && keyword !== "")
    of.push({ kind: "text", text: wellFormed(keyword), openStart: true, openEnd: true });
  if (query !== undefined) {
    const asked = parseQuery(query);
    if (asked instanceof InvalidQueryError) return asked;
    of.push(asked);
  }
  return allOf(of);
}

/** Entries hold no half of a surrogate pair; it became U+FFFD when they came in. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}

/** `level:warning` means `warn`; a spelling that is no level at all asks for nothing. */
function levelsOf(spellings: string[]): Level[] {
  return spellings.flatMap((spelling) => {
    const level = normaliseLevel(spelling);
    return level === "unknown" && spelling !== "unknown" ? [] : [level];
  });
}
