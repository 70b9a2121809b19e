import { timestampProblem } from "#app/core/timestamp.ts";
import * as layout from "#app/server/kernel/layout.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { normaliseRecord } from "#app/server/protocols/json/normalise-record.ts";
import { numberValue } from "#app/server/protocols/json-text.ts";
import { mapLabels, parseLabels, recordOf, SERVICE_LABELS } from "#app/server/protocols/loki/labels.ts";
import { readEntry } from "#app/server/protocols/loki/read-entry.ts";
import { delimited, eachField, endOf, readText, skipField } from "#app/server/protocols/protobuf-fields.ts";
import {
  decodeProtobuf,
  readRecords,
  type ProtobufRequest,
  type RecordGroup,
} from "#app/server/protocols/protobuf-records.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";
import { spellSharedParts } from "#app/server/protocols/shared-parts.ts";
import { renameTraceTags } from "#app/server/protocols/trace-names.ts";

/*
 * PushRequest{1 streams}, Stream{1 labels, 2 entries, 3 hash}
 */

/** decodeLokiProtobuf reads a PushRequest. Throws BodyError when it is cut, no protobuf, or labels are malformed. */
export function decodeLokiProtobuf(body: Buffer, context: DecodeContext): Promise<DecodedRecords> {
  return decodeProtobuf(body, context, readRequest);
}

function* readRequest(request: ProtobufRequest): Generator<void, void> {
  const { reader, body } = request;
  while (reader.pos < body.length) {
    const tag = reader.uint32();
    if (tag !== delimited(1)) {
      skipField(reader, tag, body.length);
      continue;
    }
    const streamEnd = endOf(reader, body.length);
    yield* readRecords(request, groupOf(request, labelsOf(request, streamEnd), streamEnd));
  }
}

/** The labels of the stream from the reader to `end`, wherever in it they stand; the reader stays where it is. */
function labelsOf({ reader, body }: ProtobufRequest, end: number): Map<string, string> {
  const start = reader.pos;
  let text = "{}";
  eachField(reader, end, (tag) => {
    if (tag !== delimited(1)) return false;
    text = readText(reader, body, end);
    return true;
  });
  reader.pos = start;
  const labels = parseLabels(text);
  if (labels === null) throw new BodyError(400, `the labels ${JSON.stringify(text.slice(0, 200))} are malformed`);
  return labels;
}

function groupOf(
  { reader, body, sink, window }: ProtobufRequest,
  labels: ReadonlyMap<string, string>,
  end: number,
): RecordGroup {
  const mapped = mapLabels(labels);
  const result = normaliseRecord(recordOf(mapped, ""), sink.receivedAtMs);
  const fields = "refused" in result ? null : { ...result.fields, tags: new Map(result.fields.tags) };
  if (fields !== null) renameTraceTags(fields.tags);
  // Hints count only where nothing names the service.
  const isServiceNamed = SERVICE_LABELS.some((name) => (labels.get(name) ?? "") !== "");
  const special = layout.SPECIAL_TRACE | layout.SPECIAL_LABEL | (isServiceNamed ? 0 : layout.SPECIAL_HINT);
  const { call } = window.kernel;
  return {
    end,
    service: fields?.service ?? "",
    parts: fields === null ? null : spellSharedParts(fields, mapped.tags),
    decode: (at, limit, opens, linesOffset, latestMs) =>
      call.decodeStreamEntries(at, limit, opens, linesOffset, latestMs, special),
    addRecord(entryEnd) {
      const { seconds, nanos, line, metadata } = readEntry(reader, body, entryEnd);
      const problem = timestampProblem(seconds * 1000 + Math.floor(nanos / 1e6), sink.receivedAtMs);
      if (problem !== null) {
        sink.refuse(problem);
        return;
      }
      const record = recordOf(mapLabels(new Map([...labels, ...metadata])), line);
      record.set("timestamp", numberValue(`${seconds}.${String(nanos).padStart(9, "0")}`));
      sink.add(record);
    },
  };
}
