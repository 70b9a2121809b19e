import { problem } from "#app/server/http/problem.ts";
import { eachRecord } from "#app/server/protocols/json-records.ts";
import type { Members } from "#app/server/protocols/json-text.ts";
import { permanentStatus, type Protocol } from "#app/server/protocols/protocol.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";
import { inTurns, RecordSink } from "#app/server/protocols/record-sink.ts";

/** gelfProtocol is GELF 1.1 over HTTP (https://go2docs.graylog.org/current/getting_in_log_data/gelf.html). */
export const gelfProtocol: Protocol = {
  async decode(body, { receivedAtMs, lines }) {
    const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
    await inTurns(
      eachRecord(body, sink, (members) => {
        const record = gelfRecord(members);
        sink.add(record, { fallbackService: serviceOf(record) });
      }),
    );
    const records = sink.finish();
    if (records.block.count === 0 && records.rejected === 0) throw new BodyError(400, "it is empty");
    return records;
  },

  answer({ block, errors: [first] }, request) {
    if (block.count > 0 || first === undefined) return new Response(null, { status: 202 });
    const detail = `message ${first.index}: ${first.reason}`;
    return problem({ status: permanentStatus(400, request), title: "Message refused", detail });
  },

  refuse: (refusal, request) => problem({ ...refusal, status: permanentStatus(refusal.status, request) }),
};

/** A sender's own fields begin with `_`, which is no part of their name; the standard's fields go before them. */
function gelfRecord(sent: Members): Members {
  const members: Members = new Map(sent);
  members.delete("version");
  for (const [name, value] of sent) {
    if (!name.startsWith("_") || name.length === 1) continue;
    members.delete(name);
    const own = name.slice(1);
    if (!members.has(own)) members.set(own, value);
  }
  const message = members.get("short_message");
  if (message !== undefined) {
    members.delete("short_message");
    const shadowed = members.get("message");
    if (shadowed !== undefined) members.set("message_field", shadowed);
    members.set("message", message);
  }
  return members;
}

/** Docker's driver names the container, older senders a facility. */
const SERVICE_HINTS = ["container_name", "facility"] as const;

function serviceOf(record: Members): string {
  for (const name of SERVICE_HINTS) {
    const value = record.get(name);
    if (value?.kind === "string" && value.text !== "") return value.text;
  }
  return "";
}
