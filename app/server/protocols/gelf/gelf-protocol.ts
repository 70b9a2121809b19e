import { problem } from "#app/server/http/problem.ts";
import { gelfRecord, gelfService } from "#app/server/protocols/gelf/gelf-record.ts";
import { eachRecord } from "#app/server/protocols/json-records.ts";
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
        sink.add(record, { fallbackService: gelfService(record) });
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
