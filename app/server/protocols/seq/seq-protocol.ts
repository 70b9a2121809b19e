import { isUtf8 } from "node:buffer";
import { createJsonCursor } from "#app/server/protocols/json/json-reader.ts";
import { eachRecord, takeRecord } from "#app/server/protocols/json-records.ts";
import { expectEnd, takeValue, walkArray, walkObject } from "#app/server/protocols/json-walk.ts";
import { permanentStatus, type Protocol, type SenderRequest } from "#app/server/protocols/protocol.ts";
import { inTurns, RecordSink } from "#app/server/protocols/record-sink.ts";
import { clefRecord, rawEventRecord } from "#app/server/protocols/seq/seq-record.ts";

/** seqProtocol is Seq's ingestion: compact events on lines, or the older `{"Events":[…]}`. Senders repeat after 5xx. */
export const seqProtocol: Protocol = {
  async decode(body, { request, receivedAtMs, lines }) {
    const sink = new RecordSink({ receivedAtMs, lines, bodyBytes: body.length });
    if (isCompact(request)) {
      await inTurns(eachRecord(body, sink, (members) => sink.add(clefRecord(members))));
    } else readEvents(body, sink);
    return sink.finish();
  },

  answer({ block, errors: [first] }, request) {
    if (block.count > 0 || first === undefined) return Response.json({ MinimumLevelAccepted: null }, { status: 201 });
    return Response.json({ Error: `event ${first.index}: ${first.reason}` }, { status: permanentStatus(400, request) });
  },

  refuse: ({ status, detail = "", headers }, request) =>
    Response.json({ Error: detail }, { status: permanentStatus(status, request), headers: headers ?? {} }),
};

function readEvents(sentBody: Buffer, sink: RecordSink): void {
  const body = isUtf8(sentBody) ? sentBody : Buffer.from(sentBody.toString("utf8"));
  const cursor = createJsonCursor(body);
  walkObject(cursor, (key) => {
    if (key !== "Events" && key !== "events") takeValue(cursor);
    else {
      walkArray(cursor, () => takeRecord(cursor, sink, (members) => sink.add(rawEventRecord(members))));
    }
  });
  expectEnd(cursor);
}

function isCompact({ url, header }: SenderRequest): boolean {
  const type = header("content-type") ?? "";
  return url.pathname.includes("/clef") || url.searchParams.has("clef") || type.includes("vnd.serilog.clef");
}
