import { z } from "zod";
import { levelIn, type Predicate } from "#app/core/query/predicate.ts";
import { normaliseLevel } from "#app/core/level.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import {
  alertRuleSchema,
  ALERT_KINDS,
  CONDITION_OPERATORS,
  type AlertRule,
  type AlertRuleChange,
} from "#app/core/alert-rule.ts";
import { MASK, type AlertTarget } from "#app/core/alert-target.ts";
import { trimQuery } from "#app/core/query/trim-query.ts";

/** What the web app's form sends for a rule: text, one target of each kind. The API's own schema says what may stand in it. */
const textFields = z.object({
  name: z.string().default(""),
  query: z.string().default(""),
  kind: z.enum(ALERT_KINDS).default("threshold"),
  window: z.string().default(""),
  op: z.enum(CONDITION_OPERATORS).default(">"),
  value: z.number("Enter a number.").optional(),
  groupBy: z.string().optional(),
  forWindows: z.number("Enter a whole number.").default(1),
  repeatEvery: z.string().optional(),
  notifyResolved: z.boolean().default(false),
  webhookUrl: z.string().optional(),
  webhookSecret: z.string().optional(),
  slackUrl: z.string().optional(),
  emailTo: z.string().optional(),
});

type AlertForm = z.output<typeof textFields>;
export type AlertFormField = keyof AlertForm;

/** alertFormSchema reads the form into the rule that it asks for; what is wrong is told of the form's own fields. */
export const alertFormSchema = textFields.transform(readRule);

/** alertPreviewFormSchema reads what the form says so far: the name and whom to tell may still be missing. */
export const alertPreviewFormSchema = textFields
  .extend({ name: z.string().default("preview") })
  .transform((form, context) => {
    const { webhookUrl: _w, webhookSecret: _s, slackUrl: _u, emailTo: _e, ...watched } = form;
    return readRule(watched, context);
  });

function readRule(form: AlertForm, context: z.RefinementCtx): AlertRule {
  const { rule, fieldsOfTargets } = toRule(form);
  const parsed = alertRuleSchema.safeParse(rule);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) {
    context.addIssue({
      code: "custom",
      path: [formFieldOf(path.map(String), fieldsOfTargets)],
      message: sentence(message),
    });
  }
  return z.NEVER;
}

/** ShownTarget is a stored target as answers show it: what is secret is masked. */
export type ShownTarget = AlertTarget & { id: string };

/** EditedRule is a stored rule, as far as the form can change it. */
export type EditedRule = Omit<AlertRule, "notify" | "enabled" | "silencedUntil"> & { notify: readonly ShownTarget[] };

/** formOfRule is what stands in the form when a rule is changed. A webhook's secret is never shown. */
export function formOfRule(rule: EditedRule): Record<string, string> {
  const { name, query, kind, window, condition, groupBy, forWindows, repeatEvery, notifyResolved, notify } = rule;
  const { webhook, slack, email } = firstOfEachType(notify);
  return {
    name,
    query,
    kind,
    window,
    op: condition.op,
    value: String(condition.value),
    groupBy: groupBy ?? "",
    forWindows: String(forWindows),
    repeatEvery: repeatEvery ?? "",
    notifyResolved: notifyResolved ? "on" : "",
    webhookUrl: webhook?.url ?? "",
    slackUrl: slack?.url ?? "",
    emailTo: email?.to.join(", ") ?? "",
  };
}

/**
 * changeOfForm is the change that the form asks for. The form shows the first target of each type: the others stay, and so
 * does the secret of a webhook when none is entered.
 */
export function changeOfForm(asked: AlertRule, stored: readonly ShownTarget[]): AlertRuleChange {
  const { enabled: _enabled, silencedUntil: _until, notify, ...change } = asked;
  const shown = firstOfEachType(stored);
  const beside = stored.filter((target) => shown[target.type] !== target);
  return { ...change, notify: [...notify.map((target) => asStored(target, shown[target.type])), ...beside] };
}

function asStored(target: AlertTarget, before: ShownTarget | undefined): AlertTarget {
  if (before === undefined) return target;
  const keepsSecret = target.type === "webhook" && before.type === "webhook" && target.secret === null;
  return { ...target, id: before.id, ...(keepsSecret && before.secret !== undefined ? { secret: MASK } : {}) };
}

function firstOfEachType(targets: readonly ShownTarget[]) {
  const first: { [Type in AlertTarget["type"]]?: Extract<ShownTarget, { type: Type }> } = {};
  for (const target of [...targets].reverse()) Object.assign(first, { [target.type]: target });
  return first;
}

/** alertFormField is the form's field for one of the API's, such as `notify.0.url`. */
export function alertFormField(form: { webhookUrl: string; slackUrl: string; emailTo: string }, field: string): string {
  const given = (text: string) => (text === "" ? undefined : text);
  const { webhookUrl, slackUrl, emailTo } = form;
  const targets = targetsOf({ webhookUrl: given(webhookUrl), slackUrl: given(slackUrl), emailTo: given(emailTo) });
  return formFieldOf(
    field.split("."),
    targets.map(({ field: own }) => own),
  );
}

/** sentence makes a reason, as `must not be empty`, stand by itself below a field. */
export function sentence(reason: string): string {
  return /^[A-Z]/.test(reason) ? reason : `This ${reason}.`;
}

function toRule(form: AlertForm): { rule: object; fieldsOfTargets: AlertFormField[] } {
  const { name, query, kind, window, op, value, groupBy, forWindows, repeatEvery, notifyResolved } = form;
  const targets = targetsOf(form);
  return {
    rule: {
      name,
      query,
      kind,
      window,
      condition: kind === "absence" || value === undefined ? undefined : { op, value },
      groupBy: groupBy ?? null,
      forWindows,
      repeatEvery: repeatEvery ?? null,
      notifyResolved,
      notify: targets.map(({ target }) => target),
    },
    fieldsOfTargets: targets.map(({ field }) => field),
  };
}

function targetsOf(form: {
  webhookUrl?: string | undefined;
  webhookSecret?: string | undefined;
  slackUrl?: string | undefined;
  emailTo?: string | undefined;
}): { field: AlertFormField; target: object }[] {
  const { webhookUrl, webhookSecret, slackUrl, emailTo } = form;
  const targets: { field: AlertFormField; target: object }[] = [];
  if (webhookUrl !== undefined) {
    targets.push({ field: "webhookUrl", target: { type: "webhook", url: webhookUrl, secret: webhookSecret ?? null } });
  }
  if (slackUrl !== undefined) targets.push({ field: "slackUrl", target: { type: "slack", url: slackUrl } });
  if (emailTo !== undefined) {
    const to = emailTo.split(/[\s,;]+/).filter((address) => address !== "");
    targets.push({ field: "emailTo", target: { type: "email", to } });
  }
  return targets;
}

function formFieldOf([field = "", at, part]: readonly string[], fieldsOfTargets: readonly AlertFormField[]): string {
  if (field === "condition") return at === "op" ? "op" : "value";
  if (field !== "notify") return field;
  return part === "secret" ? "webhookSecret" : (fieldsOfTargets[Number(at)] ?? "webhookUrl");
}

/** queryOfSearch joins what the address of a new alert says: a query, services and levels. */
export function queryOfSearch(parameters: URLSearchParams): string {
  const query = trimQuery(parameters.get("query") ?? "");
  const services = parameters.getAll("service").filter((service) => service !== "");
  const levels = parameters.getAll("level").map(normaliseLevel);
  const beside: Predicate[] = [];
  if (services.length > 0) beside.push({ kind: "equals", field: { name: "service" }, values: services });
  if (levels.length > 0) beside.push(levelIn(levels));
  if (beside.length === 0) return query;
  const asked = query === "" ? [] : [/\bOR\b/.test(query) ? `(${query})` : query];
  return [...asked, ...beside.map(printQuery)].join(" ");
}
