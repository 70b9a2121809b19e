import { z } from "zod";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { nameSchema } from "#app/core/project.ts";
import { fieldName } from "#app/core/read-requests.ts";
import { parseDurationMs } from "#app/core/time-range.ts";
import { alertTargetSchema } from "#app/core/alert-target.ts";

export const ALERT_KINDS = ["threshold", "absence"] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const CONDITION_OPERATORS = [">", ">=", "<", "<=", "==", "!="] as const;
export type ConditionOperator = (typeof CONDITION_OPERATORS)[number];

/** AlertCondition compares the number of matches in a window. */
export interface AlertCondition {
  op: ConditionOperator;
  value: number;
}

/** What an absence rule's condition is, whether it was given or not: nothing matches. */
export const NOTHING: AlertCondition = { op: "<", value: 1 };

const MIN_WINDOW_MS = 1_000;
const MAX_WINDOW_MS = 7 * 86_400_000;
const MAX_REPEAT_MS = 30 * 86_400_000;
const MAX_FOR_WINDOWS = 100;
const MAX_TARGETS = 10;
const WINDOWS_IN_A_ROW = `must be a whole number from 1 to ${MAX_FOR_WINDOWS}`;

function duration(leastMs: number, mostMs: number, range: string) {
  return z.string().refine((text) => {
    const ms = parseDurationMs(text);
    return ms !== null && ms >= leastMs && ms <= mostMs && isEven(ms);
  }, `must be a duration such as 5m, ${range}, in whole seconds up to an hour and in whole minutes beyond`);
}

/** A preview counts in pieces that make up both windows and minutes; these are not too many. */
function isEven(ms: number): boolean {
  return ms % (ms <= 3_600_000 ? 1_000 : 60_000) === 0;
}

const querySchema = z.string().superRefine((text, context) => {
  // PostgreSQL keeps none.
  if (text.includes("\0")) context.addIssue({ code: "custom", message: "must not contain NUL" });
  const parsed = parseQuery(text);
  if (parsed instanceof InvalidQueryError) {
    context.addIssue({ code: "custom", message: `${parsed.message} (at ${parsed.position})` });
  }
});

const conditionSchema = z.strictObject({
  op: z.enum(CONDITION_OPERATORS),
  value: z.number().min(0, "must be 0 or more").max(Number.MAX_SAFE_INTEGER),
});

const fields = {
  name: nameSchema,
  query: querySchema,
  kind: z.enum(ALERT_KINDS),
  window: duration(MIN_WINDOW_MS, MAX_WINDOW_MS, "from 1s to 7d"),
  condition: conditionSchema,
  groupBy: fieldName.nullable(),
  forWindows: z.int(WINDOWS_IN_A_ROW).min(1, WINDOWS_IN_A_ROW).max(MAX_FOR_WINDOWS, WINDOWS_IN_A_ROW),
  notifyResolved: z.boolean(),
  repeatEvery: duration(MIN_WINDOW_MS, MAX_REPEAT_MS, "from 1s to 30d").nullable(),
  silencedUntil: z.iso
    .datetime({ offset: true, message: "must be an RFC 3339 time" })
    .transform((text) => new Date(text).toISOString())
    .nullable(),
  enabled: z.boolean(),
  notify: z.array(alertTargetSchema).max(MAX_TARGETS),
};

/** alertRuleSchema reads the body of `POST /alerts`. */
export const alertRuleSchema = z
  .strictObject({
    name: fields.name,
    query: fields.query.default(""),
    kind: fields.kind.default("threshold"),
    window: fields.window,
    condition: fields.condition.optional(),
    groupBy: fields.groupBy.default(null),
    forWindows: fields.forWindows.default(1),
    notifyResolved: fields.notifyResolved.default(true),
    repeatEvery: fields.repeatEvery.default(null),
    silencedUntil: fields.silencedUntil.default(null),
    enabled: fields.enabled.default(true),
    notify: fields.notify.default([]),
  })
  .transform(withCondition);

/** AlertRule is what a rule asks for, whoever stores it. Durations are kept as they were written. */
export type AlertRule = z.output<typeof alertRuleSchema>;

/** alertPreviewSchema reads the body of `POST /alerts/preview`: a rule that may have no name yet, and that tells nobody. */
export const alertPreviewSchema = z.preprocess(
  (body) => (typeof body === "object" && body !== null ? { name: "preview", ...body, notify: [] } : body),
  alertRuleSchema,
);

const changeSchema = z.strictObject(fields).partial();

export type AlertRuleChange = z.output<typeof changeSchema>;

/** updateAlertRuleSchema reads the body of `PATCH /alerts/:id`; what it makes of the rule is checked by `applyChange`. */
export const updateAlertRuleSchema = changeSchema.refine(
  (body) => Object.values(body).some((value) => value !== undefined),
  "must change something",
);

/** applyChange is the rule with the change, or the issues of what came of it. */
export function applyChange(rule: AlertRule, change: AlertRuleChange): z.ZodSafeParseResult<AlertRule> {
  const { condition, ...rest } = { ...rule, ...definedOf(change) };
  // A rule that becomes one of absence leaves its old threshold behind.
  const isKept = change.condition !== undefined || rule.kind === rest.kind;
  return alertRuleSchema.safeParse(isKept ? { ...rest, condition } : rest);
}

/** changesMeaning is true when what was counted so far says nothing about the rule as it is now. */
export function changesMeaning(before: AlertRule, after: AlertRule): boolean {
  return MEANING.some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}

const MEANING = ["query", "kind", "window", "condition", "groupBy", "forWindows"] as const;

function definedOf<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never;
}

function withCondition<T extends { kind: AlertKind; condition?: AlertCondition | undefined }>(
  rule: T,
  context: z.RefinementCtx,
): T & { condition: AlertCondition } {
  if (rule.kind === "threshold") {
    if (rule.condition !== undefined) return { ...rule, condition: rule.condition };
    context.addIssue({ code: "custom", path: ["condition"], message: "is needed by a threshold" });
    return z.NEVER;
  }
  if (rule.condition === undefined || asksForNothing(rule.condition)) return { ...rule, condition: NOTHING };
  context.addIssue({
    code: "custom",
    path: ["condition"],
    message: "must be left out: absence means that nothing matches; for fewer than some, take kind threshold",
  });
  return z.NEVER;
}

function asksForNothing({ op, value }: AlertCondition): boolean {
  return (op === "<" && value <= 1) || ((op === "<=" || op === "==") && value === 0);
}

/** durationMs is the length of a duration that a schema has let pass. */
export function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === null) throw new Error(`cannot read duration ${text}: it was stored without being checked`);
  return ms;
}
