import type { JsonValue } from "#app/server/protocols/json/json-reader.ts";
import { TOO_DEEP } from "#app/server/protocols/json/normalise-record.ts";
import { jsonTextOf, nanosecondsValue, objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import { levelOfSeverity } from "#app/server/protocols/otlp/severity.ts";
import type { RecordSink } from "#app/server/protocols/record-sink.ts";

/** ResourceScope is what the records of one scope have in common. */
export interface ResourceScope {
  /** "" when the resource names none. */
  service: string;
  /** Attributes of resource and scope. */
  tags: Members;
}

/** LogRecord is OpenTelemetry's record, whichever encoding it came in. */
export interface LogRecord {
  /** Nanoseconds as digits; "" or "0" when there is none. */
  time: string;
  observedTime: string;
  severityNumber: number;
  severityText: string;
  body: JsonValue | null;
  attributes: Members;
  /** Hexadecimal; "" when there is none. */
  traceId: string;
  spanId: string;
  eventName: string;
  /** Something in it was nested too deep to be read. */
  isTooDeep: boolean;
}

/** emptyLogRecord is a record of which nothing was read yet. */
export function emptyLogRecord(): LogRecord {
  return {
    time: "",
    observedTime: "",
    severityNumber: 0,
    severityText: "",
    body: null,
    attributes: new Map(),
    traceId: "",
    spanId: "",
    eventName: "",
    isTooDeep: false,
  };
}

export const SERVICE_ATTRIBUTE = "service.name";
const SCOPE_NAME_TAG = "otel.scope.name";
const SCOPE_VERSION_TAG = "otel.scope.version";
const EVENT_NAME_TAG = "event_name";
export const TRACE_ID_TAG = "trace_id";
export const SPAN_ID_TAG = "span_id";

/** resourceScopeOf joins what a resource and one of its scopes say; the scope's attributes win. */
export function resourceScopeOf(
  resource: Members,
  scope: { name: string; version: string; attributes: Members },
): ResourceScope {
  const tags: Members = new Map(resource);
  const service = tags.get(SERVICE_ATTRIBUTE);
  tags.delete(SERVICE_ATTRIBUTE);
  if (scope.name !== "") tags.set(SCOPE_NAME_TAG, textValue(scope.name));
  if (scope.version !== "") tags.set(SCOPE_VERSION_TAG, textValue(scope.version));
  for (const [key, value] of scope.attributes) tags.set(key, value);
  return { service: service === undefined || service.kind === "object" ? "" : service.text, tags };
}

/** addLogRecord maps a record; this is what decides, the short way of the protobuf reader gives the same. */
export function addLogRecord(sink: RecordSink, { service, tags }: ResourceScope, record: LogRecord): void {
  if (record.isTooDeep) {
    sink.refuse(TOO_DEEP);
    return;
  }
  const all: Members = new Map(tags);
  for (const [key, value] of record.attributes) all.set(key, value);
  if (record.traceId !== "") all.set(TRACE_ID_TAG, textValue(record.traceId));
  if (record.spanId !== "") all.set(SPAN_ID_TAG, textValue(record.spanId));
  if (record.eventName !== "") all.set(EVENT_NAME_TAG, textValue(record.eventName));

  const members: Members = new Map();
  const time = isTime(record.time) ? record.time : record.observedTime;
  if (isTime(time)) members.set("timestamp", /^\d+$/.test(time) ? nanosecondsValue(time) : textValue(time));
  if (service !== "") members.set("service", textValue(service));
  members.set("message", messageOf(record));
  if (all.size > 0) members.set("tags", objectValue(all));
  sink.add(members, {
    adjust: (fields) => Object.assign(fields, levelOfSeverity(record.severityNumber, record.severityText)),
  });
}

function isTime(digits: string): boolean {
  return digits !== "" && digits !== "0";
}

/** A record without a body says something by its name or its attributes. */
function messageOf({ body, eventName, attributes }: LogRecord): JsonValue {
  if (body !== null && body.kind !== "null") return body;
  return textValue(eventName === "" ? jsonTextOf(attributes) : eventName);
}
