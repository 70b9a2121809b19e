import { z } from "zod";
import { queryRequestSchema } from "#app/core/query-request.ts";

const MAX_BUCKETS = 10_000;
const DEFAULT_BUCKETS = 60;
const MAX_FIELDS = 50;
const MAX_TOP = 1_000;
const DEFAULT_TOP = 10;
/** Lines around one line, on each side. */
const MAX_NEIGHBOURS = 1_000;
const DEFAULT_NEIGHBOURS = 50;

export const fieldName = z
  .string()
  .min(1, "must not be empty")
  .max(1024, "must have at most 1024 characters")
  .refine((name) => name !== "message" && name !== "timestamp", "has too many values to be listed");

/** The body of POST /histogram. Of a query's body, limit, order and cursor change nothing here. */
export const histogramRequestSchema = queryRequestSchema.extend({
  buckets: z.int().min(1).max(MAX_BUCKETS).default(DEFAULT_BUCKETS),
});

/** The body of POST /facets. */
export const facetsRequestSchema = queryRequestSchema.extend({
  fields: z
    .array(fieldName)
    .max(MAX_FIELDS)
    .transform((names) => [...new Set(names)])
    .optional(),
  top: z.int().min(1).max(MAX_TOP).default(DEFAULT_TOP),
});

/** The body of POST /context. */
export const contextRequestSchema = z.strictObject({
  id: z.string().max(128),
  /** The line's time, where it is known; it is found sooner then. */
  timestamp: z.string().max(64).optional(),
  before: z.int().min(0).max(MAX_NEIGHBOURS).default(DEFAULT_NEIGHBOURS),
  after: z.int().min(0).max(MAX_NEIGHBOURS).default(DEFAULT_NEIGHBOURS),
  /** Neighbours have the same values in these. */
  fields: z.array(fieldName).max(MAX_FIELDS).default([]),
});

export type ContextRequest = z.infer<typeof contextRequestSchema>;
