import { FIELD_SYNONYMS } from "#app/server/protocols/json/normalise-record.ts";
import type { JsonValue } from "#app/server/protocols/json/json-reader.ts";
import { objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";

/** Beside the event, in the order in which they become tags. */
const METADATA = ["host", "source", "sourcetype", "index"] as const;

/** hecRecord maps an event with what is said beside it; an event that is an object is a record of its own. */
export function hecRecord(envelope: Members): Members {
  const event = envelope.get("event");
  const fields = envelope.get("fields");
  const tags: Members = new Map();
  for (const name of METADATA) {
    const value = envelope.get(name);
    if (value !== undefined && value.kind !== "null") tags.set(name, value);
  }
  if (fields?.kind === "object") for (const [key, value] of fields.members) tags.set(key, value);

  const record: Members = event?.kind === "object" ? new Map(event.members) : new Map();
  if (event?.kind !== "object") record.set("message", textValue(event?.text ?? ""));
  for (const names of [FIELD_SYNONYMS.service, FIELD_SYNONYMS.level]) moveFirst(names, tags, record);
  const time = envelope.get("time");
  if (time !== undefined && time.kind !== "null" && time.text !== "") record.set("timestamp", time);
  const ownTags = record.get("tags");
  if (ownTags?.kind === "object") for (const [key, value] of ownTags.members) tags.set(key, value);
  if (tags.size > 0) record.set("tags", objectValue(tags));
  return record;
}

/** hecService is what stands for a service when nothing else does. */
export function hecService(envelope: Members): string {
  const value: JsonValue | undefined = envelope.get("sourcetype");
  return value?.kind === "string" ? value.text : "";
}

/** Service and level may be said in `fields`; the event's own go before them. */
function moveFirst(names: readonly string[], tags: Members, record: Members): void {
  if (names.some((name) => record.has(name))) return;
  const name = names.find((candidate) => tags.has(candidate));
  const value = name === undefined ? undefined : tags.get(name);
  if (name === undefined || value === undefined) return;
  tags.delete(name);
  record.set(names[0] as string, value);
}
