import { FIELD_SYNONYMS } from "#app/server/protocols/json/normalise-record.ts";
import { eachRecord } from "#app/server/protocols/json-records.ts";
import { objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import { permanentStatus, type Protocol, type SenderRequest } from "#app/server/protocols/protocol.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";
import { inTurns, RecordSink } from "#app/server/protocols/record-sink.ts";

/** datadogProtocol is Datadog's log intake: agents repeat after 408, 429 and 5xx, and drop after other refusals. */
export const datadogProtocol: Protocol = {
  async decode(body, { request, receivedAtMs, lines }) {
    const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
    const ofAll = membersOfAll(request.url);
    const sentAt = request.header("dd-message-timestamp") ?? "";
    await inTurns(
      eachRecord(body, sink, (members) => {
        // With `{}` an agent tries whether its logs would get through.
        if (members.size > 0) sink.add(datadogRecord(members, ofAll, sentAt));
      }),
    );
    if (isBlank(body)) throw new BodyError(400, "it is empty");
    return sink.finish();
  },

  answer({ block, rejected, errors: [first] }, request) {
    // What was accepted must not come again, so one refused entry among others is no refusal.
    if (block.count > 0 || rejected === 0) return Response.json({}, { status: 202 });
    return refusal(400, `entry ${first?.index}: ${first?.reason}`, request);
  },

  refuse: ({ code, status, detail = "", headers }, request) =>
    refusal(code === "KEY_UNKNOWN" ? 403 : status, detail, request, headers),
};

function refusal(
  status: number,
  detail: string,
  request: SenderRequest,
  headers: Record<string, string> = {},
): Response {
  const sentStatus = permanentStatus(status, request);
  return Response.json({ errors: [{ status: String(sentStatus), detail }] }, { status: sentStatus, headers });
}

function isBlank(body: Buffer): boolean {
  return body.length < 64 && body.toString("latin1").trim() === "";
}

/** What is said of all entries may stand in the address. */
function membersOfAll({ searchParams }: URL): Members {
  const members: Members = new Map();
  for (const name of ["ddsource", "ddtags", "hostname", "service"]) {
    const value = searchParams.get(name);
    if (value !== null) members.set(name, textValue(value));
  }
  return members;
}

/** `status` is the level, `hostname` the host, and `ddtags` are tags of their own: `env:prod,team:web`. */
function datadogRecord(sent: Members, ofAll: Members, sentAt: string): Members {
  const members: Members = new Map(sent);
  for (const [name, value] of ofAll) if (!members.has(name)) members.set(name, value);
  const status = members.get("status");
  if (status !== undefined && !FIELD_SYNONYMS.level.some((name) => members.has(name))) {
    members.delete("status");
    members.set("level", status);
  }
  const host = members.get("hostname");
  if (host !== undefined && !members.has("host")) {
    members.delete("hostname");
    members.set("host", host);
  }
  if (sentAt !== "" && !FIELD_SYNONYMS.timestamp.some((name) => members.has(name))) {
    members.set("timestamp", textValue(sentAt));
  }
  const ddtags = members.get("ddtags");
  if (ddtags?.kind === "string") {
    members.delete("ddtags");
    const tags = parseTags(ddtags.text);
    const own = members.get("tags");
    if (own?.kind === "object") for (const [key, value] of own.members) tags.set(key, value);
    if (tags.size > 0) members.set("tags", objectValue(tags));
  }
  return members;
}

function parseTags(text: string): Members {
  const tags: Members = new Map();
  for (const part of text.split(",")) {
    const tag = part.trim();
    const colon = tag.indexOf(":");
    if (tag !== "") tags.set(colon <= 0 ? tag : tag.slice(0, colon), textValue(colon <= 0 ? "" : tag.slice(colon + 1)));
  }
  return tags;
}
