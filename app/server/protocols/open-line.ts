import { parseEpochText, parseTimestampText, timestampProblem, type TimestampParts } from "#app/core/timestamp.ts";
import type { EntryFields } from "#app/server/ingest/entry-block.ts";
import { MAX_FIELDS_BYTES, MAX_MEMBERS, TRUNCATED_TAG } from "#app/server/ingest/entry-limits.ts";
import { createJsonCursor, readValue, skipWhitespace, type JsonValue } from "#app/server/protocols/json/json-reader.ts";
import {
  FIELD_SYNONYMS,
  UNKNOWN_SERVICE,
  cutToBytes,
  normaliseRecord,
} from "#app/server/protocols/json/normalise-record.ts";
import type { Members } from "#app/server/protocols/json-text.ts";
import { readLogfmt } from "#app/server/protocols/logfmt.ts";

/** LineSettings are a project's switches for lines that are themselves JSON or logfmt. */
export interface LineSettings {
  open: boolean;
  /** Keep the line as it came in the tag `raw`. */
  keepRaw: boolean;
}

export const RAW_TAG = "raw";

/** MappedFields are an entry's fields whose tags may still change. */
export interface MappedFields extends EntryFields {
  tags: Map<string, string>;
}

/**
 * openLine takes a message that is a whole JSON object, or logfmt, apart. What the sender said beside the line stands; the
 * line fills in what is missing, and what contradicts stays as a tag. `hasTimestamp`: the sender gave a time beside the line.
 */
export function openLine(
  fields: MappedFields,
  settings: LineSettings,
  receivedAtMs: number,
  hasTimestamp: boolean,
): MappedFields {
  if (!settings.open) return fields;
  const line = fields.message;
  const members = readJsonLine(line) ?? readLogfmt(line);
  if (members === null) return fields;
  const time = takeTimestamp(members);
  const result = normaliseRecord(members, receivedAtMs);
  if ("refused" in result) return fields;
  const inner = result.fields;

  const tags = new Map<string, string>(inner.tags);
  const timestamp = mergeTimestamp(fields, time, tags, receivedAtMs, hasTimestamp);
  const isServiceGiven = fields.service !== UNKNOWN_SERVICE;
  if (isServiceGiven && inner.service !== UNKNOWN_SERVICE && inner.service !== fields.service) {
    tags.set("service", inner.service);
  }
  const isLevelGiven = fields.level !== "unknown";
  if (isLevelGiven && inner.level !== fields.level && inner.level !== "unknown") {
    tags.set("level", inner.levelOriginal ?? inner.level);
  }
  for (const [key, value] of fields.tags) tags.set(key, value);
  if (settings.keepRaw && !tags.has(RAW_TAG)) keepRawLine(tags, line);
  return {
    timestamp,
    service: isServiceGiven ? fields.service : inner.service,
    level: isLevelGiven ? fields.level : inner.level,
    levelOriginal: isLevelGiven ? fields.levelOriginal : (inner.levelOriginal ?? fields.levelOriginal),
    // An object without a message stays to be read as it came.
    message: hasMessage(members) ? inner.message : line,
    tags,
  };
}

/** The limit of all tags together is an entry's, so a long line is cut rather than the entry refused. */
function keepRawLine(tags: Map<string, string>, line: string): void {
  let bytes = 0;
  for (const [key, value] of tags) bytes += key.length + Buffer.byteLength(value);
  const room = Math.max(0, MAX_FIELDS_BYTES - bytes - RAW_TAG.length - TRUNCATED_TAG.length - 4);
  const kept = cutToBytes(line, room);
  tags.set(RAW_TAG, kept);
  if (kept.length < line.length) tags.set(TRUNCATED_TAG, "true");
}

function readJsonLine(line: string): Members | null {
  if (!/^\s*\{/.test(line)) return null;
  const cursor = createJsonCursor(Buffer.from(line));
  skipWhitespace(cursor);
  const value = readValue(cursor, 1);
  if (value === null || value.kind !== "object" || cursor.tooDeep || cursor.members > MAX_MEMBERS) return null;
  skipWhitespace(cursor);
  return cursor.at === cursor.bytes.length ? value.members : null;
}

function takeTimestamp(members: Members): { key: string; value: JsonValue } | null {
  for (const key of FIELD_SYNONYMS.timestamp) {
    const value = members.get(key);
    if (value === undefined || (value.kind !== "string" && value.kind !== "number")) continue;
    members.delete(key);
    return { key, value };
  }
  return null;
}

/** A time that the line has counts when the sender gave none; one that says something else stays readable as a tag. */
function mergeTimestamp(
  { timestamp }: MappedFields,
  time: { key: string; value: JsonValue } | null,
  tags: Map<string, string>,
  receivedAtMs: number,
  hasTimestamp: boolean,
): TimestampParts {
  if (time === null) return timestamp;
  const { text } = time.value;
  const read =
    text.length > 64 ? null : time.value.kind === "number" ? parseEpochText(text) : parseTimestampText(text.trim());
  const isSound = read !== null && timestampProblem(read.ms, receivedAtMs) === null;
  if (isSound && !hasTimestamp) return read;
  if (!isSound || Math.floor(read.ms) !== Math.floor(timestamp.ms)) tags.set(time.key, text);
  return timestamp;
}

function hasMessage(members: Members): boolean {
  return FIELD_SYNONYMS.message.some((name, i) => {
    const value = members.get(name);
    if (value === undefined || value.kind === "null") return false;
    return i === 0 || (value.kind !== "object" && value.kind !== "array");
  });
}
