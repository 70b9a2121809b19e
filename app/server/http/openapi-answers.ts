import { z } from "zod";
import { ALERT_KINDS, CONDITION_OPERATORS } from "#app/core/alert-rule.ts";
import { LEVELS } from "#app/core/level.ts";
import { API_KEY_SCOPES } from "#app/core/project.ts";

/*
 * The answers of the contract as schemas. They describe and never check what the server sends: the types of the services do
 * that, and the tests hold real answers against these.
 */

const count = z.int().min(0);
const time = z.string().describe("RFC 3339, UTC.");
const why = z.enum(["timeout", "unreachable"]).optional();
const scopes = z.array(z.enum(API_KEY_SCOPES));
const uuid = z.string();

const project = z.object({
  id: uuid,
  name: z.string(),
  slug: z.string(),
  retentionDays: count,
  openLines: z.boolean(),
  keepRawLines: z.boolean(),
  createdAt: time,
});

const apiKey = z.object({
  id: uuid,
  name: z.string(),
  prefix: z.string(),
  scopes,
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable(),
  revokedAt: time.nullable(),
});

const entry = z.object({
  timestamp: time,
  service: z.string(),
  level: z.enum(LEVELS),
  levelOriginal: z.string().optional(),
  message: z.string(),
  tags: z.record(z.string(), z.string()),
  ref: z.object({ id: z.string(), batch: z.string().nullable(), key: z.string().nullable() }),
});

const ingested = z.object({
  accepted: count,
  rejected: count,
  errors: z.array(z.object({ index: count, reason: z.string() })),
});

const condition = z.object({ op: z.enum(CONDITION_OPERATORS), value: z.number() });
const window = z.object({ from: time, to: time });
const eventType = z.enum(["firing", "resolved"]);
const eventReason = z.enum(["began", "repeated", "after silence", "ended"]);

const target = z.union([
  z.object({ id: z.string(), type: z.literal("email"), to: z.array(z.string()) }),
  z.object({ id: z.string(), type: z.literal("slack"), url: z.string() }),
  z.object({ id: z.string(), type: z.literal("webhook"), url: z.string(), secret: z.string().optional() }),
]);

const rule = z.object({
  id: uuid,
  projectId: uuid,
  name: z.string(),
  query: z.string(),
  kind: z.enum(ALERT_KINDS),
  window: z.string(),
  condition,
  groupBy: z.string().nullable(),
  forWindows: count,
  notifyResolved: z.boolean(),
  repeatEvery: z.string().nullable(),
  silencedUntil: time.nullable(),
  enabled: z.boolean(),
  notify: z.array(target),
  status: z.enum(["disabled", "failing", "firing", "ok"]),
  firingGroups: count,
  evaluatedTo: time,
  failure: z.string().nullable(),
  createdAt: time,
  updatedAt: time,
});

const group = z.object({
  group: z.string().nullable(),
  status: z.string(),
  value: z.number(),
  since: time.nullable(),
  lastSeen: time.nullable(),
});

const delivery = z.object({
  id: z.string(),
  eventId: z.string().nullable(),
  target: z.string(),
  state: z.enum(["pending", "delivered", "failed"]),
  attempts: count,
  status: z.int().nullable(),
  error: z.string().nullable(),
  createdAt: time,
  settledAt: time.nullable(),
  nextAttemptAt: time.nullable(),
});

const event = z.object({
  id: z.string(),
  type: eventType,
  reason: eventReason,
  group: z.string().nullable(),
  value: z.number(),
  condition,
  window,
  partial: z.boolean(),
  notified: z.boolean(),
  at: time,
  url: z.string(),
});

/** ANSWERS is the JSON answers of the contract by what they are. */
export const ANSWERS = {
  durable: ingested.extend({ committed: z.literal(false).optional() }),
  committed: ingested.extend({ committed: z.literal(true), batches: z.array(z.string()) }),
  refused: ingested.extend({ accepted: z.literal(0) }),
  page: z.object({
    entries: z.array(entry),
    end: z.object({
      complete: z.boolean(),
      matched: count,
      cursor: z.string().nullable(),
      elapsedMs: z.number(),
      batches: z.object({ total: count, skipped: count, scanned: count }),
      reason: z.enum(["timeout", "limit", "unreachable"]).optional(),
      scope: z.literal("committed").optional(),
    }),
  }),
  histogram: z.object({
    interval: z.string(),
    from: time,
    to: time,
    total: count,
    buckets: z.array(z.object({ start: time, counts: z.partialRecord(z.enum(LEVELS), count) })),
    complete: z.boolean(),
    reason: why,
  }),
  facets: z.object({
    fields: z.array(
      z.object({
        name: z.string(),
        values: z.array(z.object({ value: z.string(), count })),
        distinct: count,
        exact: z.boolean(),
      }),
    ),
    complete: z.boolean(),
    reason: why,
  }),
  context: z.object({ entries: z.array(entry), index: count, complete: z.boolean() }),
  projects: z.object({ projects: z.array(project) }),
  newProject: z.object({ project, apiKey: z.object({ id: uuid, key: z.string(), scopes }) }),
  project: z.object({ project }),
  currentProject: z.object({ project, apiKey: z.object({ id: uuid, scopes }) }),
  keys: z.object({ keys: z.array(apiKey) }),
  newKey: z.object({ apiKey: apiKey.extend({ key: z.string() }) }),
  rules: z.object({ alerts: z.array(rule) }),
  rule,
  ruleWithHistory: rule.extend({ groups: z.array(group), deliveries: z.array(delivery) }),
  events: z.object({ events: z.array(event), cursor: z.string().nullable() }),
  preview: z.object({
    from: time,
    to: time,
    stepMs: count,
    condition,
    groups: z.array(z.object({ group: z.string().nullable(), values: z.array(z.number()) })),
    otherGroups: count,
    firings: count,
    events: z.array(
      z.object({
        type: eventType,
        reason: eventReason,
        group: z.string().nullable(),
        value: z.number(),
        window,
        notified: z.boolean(),
      }),
    ),
    complete: z.boolean(),
    reason: why,
  }),
  testResults: z.object({
    results: z.array(
      z.object({
        target: z.string(),
        state: z.enum(["delivered", "failed"]),
        status: z.int().nullable(),
        error: z.string().nullable(),
      }),
    ),
  }),
  alive: z.object({ status: z.literal("ok") }),
  ready: z.object({ status: z.literal("ready"), degraded: z.array(z.string()) }),
  notReady: z.object({ status: z.literal("not ready"), reason: z.string(), degraded: z.array(z.string()) }),
  contract: z.looseObject({ openapi: z.literal("3.1.0") }),
} as const;
