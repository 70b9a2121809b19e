import { z } from "zod";
import { LEVELS, normaliseLevel, type Level } from "#app/core/level.ts";
import type { Predicate } from "#app/core/predicate.ts";
import { parseTimePoint } from "#app/core/time-range.ts";

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 10_000;
/** A longer needle finds nothing that a shorter one would not, and makes the search's prefilters quadratic. */
export const MAX_KEYWORD_BYTES = 256;

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
  query: z
    .string()
    .max(16 * 1024)
    .optional(),
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
      (text) => new TextEncoder().encode(text).length <= MAX_KEYWORD_BYTES,
      `is longer than ${MAX_KEYWORD_BYTES} bytes`,
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

/** toPredicate joins the request's conditions; all must hold. */
export function toPredicate(request: QueryRequest): Predicate {
  const of: Predicate[] = [];
  if (request.service !== undefined && request.service.length > 0)
    of.push({ kind: "service", values: request.service });
  if (request.level !== undefined && request.level.length > 0)
    of.push({ kind: "level", values: levelsOf(request.level) });
  for (const [key, value] of Object.entries(request.tags ?? {})) of.push({ kind: "tag", key, value });
  if (request.keyword !== undefined && request.keyword !== "") of.push({ kind: "contains", text: request.keyword });
  return { kind: "all", of };
}

/** `level:warning` means `warn`; a spelling that is no level at all asks for nothing. */
function levelsOf(spellings: string[]): Level[] {
  const levels = new Set<Level>();
  for (const spelling of spellings) {
    const level = normaliseLevel(spelling);
    if (level !== "unknown" || spelling === "unknown") levels.add(level);
  }
  return LEVELS.filter((level) => levels.has(level));
}
