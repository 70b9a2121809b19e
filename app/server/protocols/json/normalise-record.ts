import { normaliseLevel } from "#app/core/level.ts";
import { parseEpochText, parseTimestampText, timestampProblem, type TimestampParts } from "#app/core/timestamp.ts";
import type { EntryFields } from "#app/server/ingest/entry-block.ts";
import {
  MAX_DEPTH,
  MAX_FIELDS_BYTES,
  MAX_LEVEL_ORIGINAL_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_SERVICE_BYTES,
  MAX_TAGS,
  MAX_TAG_KEY_BYTES,
  TRUNCATED_TAG,
} from "#app/server/ingest/entry-limits.ts";
import type { JsonValue } from "#app/server/protocols/json/json-reader.ts";

/**
 * Names under which senders put the four fields, the contract's own first; the first that is present counts and the
 * others stay tags. docs/ingest.md lists them.
 */
export const FIELD_SYNONYMS = {
  timestamp: ["timestamp", "@timestamp", "time", "ts", "date", "datetime", "@t", "eventTime", "event_time", "ISODATE"],
  service: [
    "service",
    "service.name",
    "service_name",
    "serviceName",
    "app",
    "application",
    "appname",
    "app_name",
    "program",
    "PROGRAM",
    "SYSLOG_IDENTIFIER",
  ],
  level: [
    "level",
    "severity",
    "lvl",
    "loglevel",
    "log_level",
    "log.level",
    "levelname",
    "severity_text",
    "severityText",
    "@l",
    "PRIORITY",
  ],
  message: ["message", "msg", "@m", "short_message", "log", "text", "body", "MESSAGE"],
} as const;

export const UNKNOWN_SERVICE = "unknown";

/** normaliseRecord turns a decoded object into an entry's fields, or says why it is refused. */
export function normaliseRecord(
  members: Map<string, JsonValue>,
  receivedAtMs: number,
): { fields: EntryFields } | { refused: string } {
  const found = {
    timestamp: pick(members, FIELD_SYNONYMS.timestamp),
    service: pick(members, FIELD_SYNONYMS.service),
    level: pick(members, FIELD_SYNONYMS.level),
    message: pick(members, FIELD_SYNONYMS.message),
  };
  const timestamp = found.timestamp === null ? { ms: receivedAtMs, subMsNs: 0 } : timestampOf(found.timestamp.value);
  if (timestamp === null) return { refused: "timestamp is neither RFC 3339 nor an epoch number" };
  const problem = timestampProblem(timestamp.ms, receivedAtMs);
  if (problem !== null) return { refused: problem };

  const used = new Set(Object.values(found).map((field) => field?.key));
  const tags = collectTags(members, used);
  if (tags.size > MAX_TAGS) return { refused: `more than ${MAX_TAGS} tags` };

  let service = found.service === null ? "" : cleanName(textOf(found.service.value));
  if (Buffer.byteLength(service) > MAX_SERVICE_BYTES) {
    service = cutToBytes(service, MAX_SERVICE_BYTES);
    tags.set(TRUNCATED_TAG, "true");
  }
  let message = found.message === null ? otherFieldsAsJson(members, used) : textOf(found.message.value);
  if (message.length > MAX_MESSAGE_BYTES / 3 && Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    message = cutToBytes(message, MAX_MESSAGE_BYTES);
    tags.set(TRUNCATED_TAG, "true");
  }
  const sizeProblem = tagsProblem(tags);
  if (sizeProblem !== null) return { refused: sizeProblem };

  const spelling = found.level === null ? "" : cutToBytes(textOf(found.level.value), MAX_LEVEL_ORIGINAL_BYTES);
  const level = normaliseLevel(spelling);
  return {
    fields: {
      timestamp,
      service: service === "" ? UNKNOWN_SERVICE : service,
      level,
      levelOriginal: spelling === "" || spelling === level ? null : spelling,
      message,
      tags,
    },
  };
}

export const TOO_DEEP = `nested deeper than ${MAX_DEPTH}`;

/**
 * pick finds a field under its names. The contract's own name may hold any value but an object that would be ECS's
 * (`"service":{"name":…}`); a synonym counts only with a plain value, and a dotted one is looked for nested as well.
 */
function pick(members: Map<string, JsonValue>, names: readonly string[]): { key: string; value: JsonValue } | null {
  for (const [i, name] of names.entries()) {
    const value = members.get(name) ?? nestedMember(members, name);
    if (value === undefined || value.kind === "null") continue;
    const isPlain = value.kind !== "object" && value.kind !== "array";
    if (isPlain || (i === 0 && !(name === "service" && value.kind === "object"))) return { key: name, value };
  }
  return null;
}

function nestedMember(members: Map<string, JsonValue>, dotted: string): JsonValue | undefined {
  const dot = dotted.indexOf(".");
  if (dot === -1) return undefined;
  const parent = members.get(dotted.slice(0, dot));
  return parent?.kind === "object" ? parent.members.get(dotted.slice(dot + 1)) : undefined;
}

function textOf(value: JsonValue): string {
  return value.kind === "object" || value.kind === "array" ? value.text.toWellFormed() : value.text;
}

function timestampOf(value: JsonValue): TimestampParts | null {
  if (value.kind === "string") return value.text.length > 64 ? null : parseTimestampText(value.text.trim());
  if (value.kind === "number") return value.text.length > 64 ? null : parseEpochText(value.text);
  return null;
}

/** Later sources win: nested below explicit keys, the top level below `tags`. */
function collectTags(members: Map<string, JsonValue>, used: ReadonlySet<string | undefined>): Map<string, string> {
  const tags = new Map<string, string>();
  const tagsValue = members.get("tags");
  const ownTags = tagsValue?.kind === "object" ? tagsValue.members : null;
  addNested(members, tags, used, ownTags === null ? null : "tags");
  addPlain(members, tags, used, ownTags === null ? null : "tags");
  if (ownTags !== null) {
    addNested(ownTags, tags, NONE, null);
    addPlain(ownTags, tags, NONE, null);
  }
  return tags;
}

const NONE: ReadonlySet<string | undefined> = new Set();

function addNested(
  members: Map<string, JsonValue>,
  tags: Map<string, string>,
  used: ReadonlySet<string | undefined>,
  except: string | null,
): void {
  for (const [key, value] of members) {
    if (value.kind === "object" && key !== except && !used.has(key)) flatten(value.members, `${key}.`, tags, used);
  }
}

function addPlain(
  members: Map<string, JsonValue>,
  tags: Map<string, string>,
  used: ReadonlySet<string | undefined>,
  except: string | null,
): void {
  for (const [key, value] of members) {
    if (value.kind !== "object" && value.kind !== "null" && key !== except && !used.has(key))
      tags.set(cleanName(key), value.text);
  }
}

function flatten(
  members: Map<string, JsonValue>,
  prefix: string,
  tags: Map<string, string>,
  used: ReadonlySet<string | undefined>,
): void {
  for (const [key, value] of members) {
    if (value.kind === "object") flatten(value.members, `${prefix}${key}.`, tags, used);
    else if (value.kind !== "null" && !used.has(prefix + key)) tags.set(cleanName(prefix + key), value.text);
  }
}

/** Control characters in names break terminals, headers and PostgreSQL; they become U+FFFD. */
export function cleanName(name: string): string {
  // eslint-disable-next-line no-control-regex
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

function tagsProblem(tags: Map<string, string>): string | null {
  let bytes = 0;
  for (const [key, value] of tags) {
    if (key.length > MAX_TAG_KEY_BYTES / 3 && Buffer.byteLength(key) > MAX_TAG_KEY_BYTES) {
      return `a tag key is longer than ${MAX_TAG_KEY_BYTES} bytes`;
    }
    bytes += key.length + Buffer.byteLength(value);
  }
  return bytes > MAX_FIELDS_BYTES ? `tags are larger than ${MAX_FIELDS_BYTES} bytes` : null;
}

function otherFieldsAsJson(members: Map<string, JsonValue>, used: ReadonlySet<string | undefined>): string {
  const rest: string[] = [];
  for (const [key, value] of members) {
    if (used.has(key)) continue;
    rest.push(`${JSON.stringify(key)}:${value.kind === "string" ? JSON.stringify(value.text) : value.text}`);
  }
  return `{${rest.join(",")}}`;
}

/** cutToBytes keeps the longest prefix of at most `maxBytes` of UTF-8 that ends between two characters. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
