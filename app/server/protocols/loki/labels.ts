import { MAX_SERVICE_BYTES } from "#app/server/ingest/entry-limits.ts";
import { FIELD_SYNONYMS } from "#app/server/protocols/json/normalise-record.ts";
import { objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";

/** The labels that Loki looks through for a service when none is named; unlike a name for it they stay tags. */
export const SERVICE_HINTS = [
  "name",
  "app_kubernetes_io_name",
  "container",
  "container_name",
  "k8s_container_name",
  "component",
  "workload",
  "job",
  "k8s_job_name",
] as const;

export const SERVICE_LABELS = FIELD_SYNONYMS.service;
export const LEVEL_LABELS = [...FIELD_SYNONYMS.level, "detected_level"] as const;

/** LabelFields is what labels and structured metadata say together. */
export interface LabelFields {
  service: string;
  level: string;
  tags: Map<string, string>;
}

/** mapLabels finds service and level among labels; the others are tags. */
export function mapLabels(labels: ReadonlyMap<string, string>): LabelFields {
  const tags = new Map(labels);
  const service = takeFirst(tags, SERVICE_LABELS) || firstOf(tags, SERVICE_HINTS);
  return { service, level: takeFirst(tags, LEVEL_LABELS), tags };
}

function takeFirst(tags: Map<string, string>, names: readonly string[]): string {
  for (const name of names) {
    const value = tags.get(name);
    if (value === undefined || value === "") continue;
    tags.delete(name);
    return value;
  }
  return "";
}

function firstOf(tags: ReadonlyMap<string, string>, names: readonly string[]): string {
  for (const name of names) {
    const value = tags.get(name);
    if (value !== undefined && value !== "" && value.length <= MAX_SERVICE_BYTES) return value;
  }
  return "";
}

/** recordOf is a Loki entry as the common mapping takes it. */
export function recordOf({ service, level, tags }: LabelFields, line: string): Members {
  const members: Members = new Map();
  if (service !== "") members.set("service", textValue(service));
  if (level !== "") members.set("level", textValue(level));
  members.set("message", textValue(line));
  if (tags.size > 0)
    members.set("tags", objectValue(new Map([...tags].map(([key, value]) => [key, textValue(value)]))));
  return members;
}

const LABEL = /\s*([A-Za-z_:][\w:.\-/]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)\s*(,|$)/sy;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs;
const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** parseLabels reads `{a="b", c="d"}`, quoted as Go quotes; null when it is not of that form. */
export function parseLabels(text: string): Map<string, string> | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return null;
  const inner = trimmed.slice(1, -1).trim().replace(/,$/, "");
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const match = LABEL.exec(inner);
    if (match === null) return null;
    const [, name = "", quoted, raw = ""] = match;
    labels.set(name, quoted === undefined ? raw : unquote(quoted));
  }
  return labels;
}

function unquote(text: string): string {
  if (!text.includes("\\")) return text;
  return text
    .replace(ESCAPE, (_, hex?: string, short?: string, long?: string, octal?: string, plain = "") => {
      const digits = hex ?? short ?? long;
      if (digits !== undefined) return characterOf(Number.parseInt(digits, 16));
      if (octal !== undefined) return characterOf(Number.parseInt(octal, 8));
      return NAMED_ESCAPES[plain] ?? plain;
    })
    .toWellFormed();
}

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}
