import type { JsonValue } from "#app/server/protocols/json/json-reader.ts";
import { FIELD_SYNONYMS } from "#app/server/protocols/json/normalise-record.ts";
import { objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import { renderTemplate } from "#app/server/protocols/seq/message-template.ts";

/** Names that .NET programs give their service. */
const SERVICE_PROPERTIES = [
  ...FIELD_SYNONYMS.service,
  "Application",
  "ApplicationName",
  "Service",
  "ServiceName",
  "App",
] as const;

/** What the format means by leaving the level out. */
const DEFAULT_LEVEL = "info";

interface SeqEvent {
  timestamp: JsonValue | undefined;
  level: string;
  message: string | null;
  template: string;
  exception: string;
  properties: Members;
}

/** clefRecord maps an event of the compact format: names that begin with `@` are the format's, `@@` is a property's `@`. */
export function clefRecord(sent: Members): Members {
  const properties: Members = new Map();
  for (const [name, value] of sent) {
    if (name.startsWith("@@")) properties.set(name.slice(1), value);
    else if (!name.startsWith("@")) properties.set(name, value);
  }
  const trace = { "@tr": "trace_id", "@sp": "span_id", "@i": "event_id" };
  for (const [name, tag] of Object.entries(trace)) {
    const value = sent.get(name);
    if (value !== undefined && value.kind !== "null") properties.set(tag, value);
  }
  return recordOf({
    timestamp: sent.get("@t"),
    level: textOf(sent, "@l"),
    message: sent.has("@m") ? textOf(sent, "@m") : null,
    template: textOf(sent, "@mt"),
    exception: textOf(sent, "@x"),
    properties,
  });
}

/** rawEventRecord maps an event of Seq's older format. */
export function rawEventRecord(sent: Members): Members {
  const properties = sent.get("Properties");
  return recordOf({
    timestamp: sent.get("Timestamp"),
    level: textOf(sent, "Level"),
    message: sent.has("RenderedMessage") ? textOf(sent, "RenderedMessage") : null,
    template: textOf(sent, "MessageTemplate"),
    exception: textOf(sent, "Exception"),
    properties: properties?.kind === "object" ? new Map(properties.members) : new Map(),
  });
}

function recordOf({ timestamp, level, message, template, exception, properties }: SeqEvent): Members {
  const members: Members = new Map();
  if (timestamp !== undefined) members.set("timestamp", timestamp);
  const serviceName = SERVICE_PROPERTIES.find((name) => properties.get(name)?.kind === "string");
  const service = serviceName === undefined ? undefined : properties.get(serviceName);
  const text = message ?? renderTemplate(template, properties);
  if (serviceName !== undefined && service !== undefined) {
    properties.delete(serviceName);
    members.set("service", service);
  }
  members.set("level", textValue(level === "" ? DEFAULT_LEVEL : level));
  if (text !== "") members.set("message", textValue(text));
  if (template !== "" && template !== text) properties.set("message_template", textValue(template));
  if (exception !== "") properties.set("exception", textValue(exception));
  if (properties.size > 0) members.set("tags", objectValue(properties));
  return members;
}

function textOf(members: Members, name: string): string {
  const value = members.get(name);
  return value === undefined || value.kind === "null" ? "" : value.text;
}
