import { isUtf8 } from "node:buffer";
import { MAX_MEMBERS } from "#app/server/ingest/entry-limits.ts";
import type { Refusal } from "#app/server/http/error-response.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { createJsonCursor, readValue, skipWhitespace } from "#app/server/protocols/json/json-reader.ts";
import { TOO_DEEP } from "#app/server/protocols/json/normalise-record.ts";
import { textValue, type Members } from "#app/server/protocols/json-text.ts";
import {
  permanentStatus,
  type DecodeContext,
  type Protocol,
  type SenderRequest,
} from "#app/server/protocols/protocol.ts";
import { RecordSink } from "#app/server/protocols/record-sink.ts";
import { HecError, hecAnswer, type HecOutcome } from "#app/server/protocols/splunk/hec-answer.ts";
import { hecRecord, hecService } from "#app/server/protocols/splunk/hec-record.ts";

/** HecRecords also says what is wrong with the first event that was refused. */
interface HecRecords extends DecodedRecords {
  fault: { outcome: HecOutcome; event: number } | null;
}

/** hecEventProtocol is the HTTP Event Collector: JSON objects one behind the other, whatever the content type says. */
export const hecEventProtocol: Protocol<HecRecords> = { decode: decodeEvents, answer, refuse };

/** hecRawProtocol takes the lines of the body as events; what belongs to them stands in the address. */
export const hecRawProtocol: Protocol<HecRecords> = {
  check(request) {
    if (channelOf(request) === null) throw new HecError("channel-missing");
    return undefined;
  },
  decode: decodeLines,
  answer,
  refuse,
};

function decodeEvents(sentBody: Buffer, { receivedAtMs, lines }: DecodeContext): HecRecords {
  const body = isUtf8(sentBody) ? sentBody : Buffer.from(sentBody.toString("utf8"));
  const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
  const cursor = createJsonCursor(body);
  let fault: HecRecords["fault"] = null;
  let event = 0;
  for (skipWhitespace(cursor); cursor.at < body.length; skipWhitespace(cursor), event++) {
    cursor.tooDeep = false;
    cursor.members = 0;
    const value = readValue(cursor, 1);
    if (value === null) {
      const newline = body.indexOf(10, cursor.at);
      const problem = cursor.problem;
      cursor.at = newline === -1 ? body.length : newline + 1;
      refuseEvent("invalid-data", `not valid JSON: ${problem}`);
    } else if (cursor.tooDeep) refuseEvent("invalid-data", TOO_DEEP);
    else if (cursor.members > MAX_MEMBERS) refuseEvent("invalid-data", `more than ${MAX_MEMBERS} fields`);
    else if (value.kind !== "object") refuseEvent("invalid-data", "an event must be a JSON object");
    else addEvent(value.members);
  }
  if (event === 0) throw new HecError("no-data");
  return { ...sink.finish(), fault };

  function addEvent(envelope: Members): void {
    const content = envelope.get("event");
    if (content === undefined || content.kind === "null") refuseEvent("event-required", "the event is missing");
    else if (content.kind === "string" && content.text.trim() === "") refuseEvent("event-blank", "the event is blank");
    else if (sink.add(hecRecord(envelope), { fallbackService: hecService(envelope) }) !== null) {
      fault ??= { outcome: "invalid-data", event };
    }
  }

  function refuseEvent(outcome: HecOutcome, reason: string): void {
    sink.refuse(reason);
    fault ??= { outcome, event };
  }
}

const METADATA = ["host", "source", "sourcetype", "index", "time"] as const;

function decodeLines(body: Buffer, { request, receivedAtMs, lines }: DecodeContext): HecRecords {
  const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
  const metadata: Members = new Map();
  for (const name of METADATA) {
    const value = request.url.searchParams.get(name);
    if (value !== null && value !== "") metadata.set(name, textValue(value));
  }
  let fault: HecRecords["fault"] = null;
  let event = 0;
  for (let at = 0; at < body.length;) {
    const newline = body.indexOf(10, at);
    const end = newline === -1 ? body.length : newline;
    const line = body.toString("utf8", at, end).replace(/\r$/, "");
    at = end + 1;
    if (line.trim() === "") continue;
    const envelope = new Map(metadata).set("event", textValue(line));
    const problem = sink.add(hecRecord(envelope), { fallbackService: hecService(envelope) });
    if (problem !== null) fault ??= { outcome: "invalid-data", event };
    event++;
  }
  if (event === 0) throw new HecError("no-data");
  return { ...sink.finish(), fault };
}

function answer({ fault }: HecRecords, request: SenderRequest): Response {
  if (fault !== null) {
    return hecAnswer(fault.outcome, {
      status: permanentStatus(400, request),
      extra: { "invalid-event-number": fault.event },
    });
  }
  return hecAnswer("success", { extra: channelOf(request) === null ? {} : { ackId: nextAckId++ } });
}

/**
 * What was answered is on disk, so every number that was given out stands for something safe, and nothing has to be kept
 * about it. Only senders with a channel ask for acknowledgements.
 */
let nextAckId = 0;

const OUTCOME_OF_CODE: ReadonlyMap<string, HecOutcome> = new Map<string, HecOutcome>([
  ["KEY_UNKNOWN", "invalid-token"],
  ["SCOPE_MISSING", "token-disabled"],
  ["NO_DATA", "no-data"],
  ["CHANNEL_MISSING", "channel-missing"],
]);

function refuse(refusal: Refusal, request: SenderRequest): Response {
  const { status, headers = {}, detail } = refusal;
  const outcome = outcomeOf(refusal, request);
  const isOwnStatus = outcome === "busy" || outcome === "invalid-data";
  return hecAnswer(outcome, {
    headers,
    ...(isOwnStatus ? { status: permanentStatus(status, request), extra: { detail } } : {}),
  });
}

function outcomeOf({ code, status }: Refusal, { header }: SenderRequest): HecOutcome {
  // An Authorization in which no key was found is another mistake than none.
  if (code === "KEY_MISSING") return header("authorization") === undefined ? "token-required" : "invalid-authorization";
  const known = OUTCOME_OF_CODE.get(code);
  if (known !== undefined) return known;
  if (status === 429 || status === 503) return "busy";
  return status >= 500 ? "internal" : "invalid-data";
}

function channelOf({ header, url }: SenderRequest): string | null {
  return header("x-splunk-request-channel") ?? url.searchParams.get("channel");
}
