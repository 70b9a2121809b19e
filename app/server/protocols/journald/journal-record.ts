import { TRUNCATED_TAG } from "#app/server/ingest/entry-limits.ts";
import { nanosecondsValue, objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import type { JournalEntry } from "#app/server/protocols/journald/journal-reader.ts";

const SERVICE_FIELDS = ["_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_COMM"] as const;

/** journalRecord maps an entry. Names of fields are upper case in the journal and lower case as tags, as all others' are. */
export function journalRecord({ fields, isCut }: JournalEntry): Members {
  const values = new Map<string, string[]>();
  for (const [name, bytes] of fields) {
    const value = bytes.toString("utf8");
    const earlier = values.get(name);
    if (earlier === undefined) values.set(name, [value]);
    else earlier.push(value);
  }
  const record: Members = new Map();
  const microseconds = take("__REALTIME_TIMESTAMP");
  if (microseconds !== null && /^\d{1,17}$/.test(microseconds)) {
    record.set("timestamp", nanosecondsValue(`${microseconds}000`));
  }
  const serviceField = SERVICE_FIELDS.find((name) => values.has(name));
  const service = serviceField === undefined ? null : take(serviceField);
  if (service !== null) record.set("service", textValue(service));
  const priority = take("PRIORITY");
  if (priority !== null) record.set("level", textValue(priority));
  const message = take("MESSAGE");
  if (message !== null) record.set("message", textValue(message));

  const tags: Members = new Map();
  const host = take("_HOSTNAME");
  if (host !== null) tags.set("host", textValue(host));
  for (const [name, all] of values) {
    const [only = ""] = all;
    tags.set(name.toLowerCase(), all.length === 1 ? textValue(only) : { kind: "array", text: JSON.stringify(all) });
  }
  if (isCut) tags.set(TRUNCATED_TAG, textValue("true"));
  if (tags.size > 0) record.set("tags", objectValue(tags));
  return record;

  function take(name: string): string | null {
    const [value] = values.get(name) ?? [];
    values.delete(name);
    return value ?? null;
  }
}
