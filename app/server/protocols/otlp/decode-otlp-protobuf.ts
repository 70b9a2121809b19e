import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { normaliseRecord } from "#app/server/protocols/json/normalise-record.ts";
import { objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import { createAnyValueReader, type AnyValueReader } from "#app/server/protocols/otlp/any-value.ts";
import { addLogRecord, resourceScopeOf, type ResourceScope } from "#app/server/protocols/otlp/log-record.ts";
import { readLogRecord } from "#app/server/protocols/otlp/read-log-record.ts";
import { addSeverity } from "#app/server/protocols/otlp/severity.ts";
import { delimited, eachField, endOf, readText, skipField } from "#app/server/protocols/protobuf-fields.ts";
import {
  decodeProtobuf,
  readRecords,
  type ProtobufRequest,
  type RecordGroup,
} from "#app/server/protocols/protobuf-records.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import { spellSharedParts } from "#app/server/protocols/shared-parts.ts";
import { renameTraceTags } from "#app/server/protocols/trace-names.ts";

/*
 * ExportLogsServiceRequest{1 resource_logs}, ResourceLogs{1 resource, 2 scope_logs}, Resource{1 attributes},
 * ScopeLogs{1 scope, 2 log_records}, Scope{1 name, 2 version, 3 attributes}
 */
const RESOURCE_ATTRIBUTES = 1;
const SCOPE_ATTRIBUTES = 3;

/** decodeOtlpProtobuf reads an ExportLogsServiceRequest. Throws BodyError when it is cut or no protobuf. */
export function decodeOtlpProtobuf(body: Buffer, context: DecodeContext): Promise<DecodedRecords> {
  return decodeProtobuf(body, context, readRequest);
}

function* readRequest(request: ProtobufRequest): Generator<void, void> {
  const { reader, body } = request;
  const values = createAnyValueReader(reader, body);
  while (reader.pos < body.length) {
    const tag = reader.uint32();
    if (tag !== delimited(1)) {
      skipField(reader, tag, body.length);
      continue;
    }
    const resourceEnd = endOf(reader, body.length);
    const { attributes } = descriptionOf(request, values, resourceEnd, RESOURCE_ATTRIBUTES);
    while (reader.pos < resourceEnd) {
      const resourceTag = reader.uint32();
      if (resourceTag !== delimited(2)) {
        skipField(reader, resourceTag, resourceEnd);
        continue;
      }
      const scopeEnd = endOf(reader, resourceEnd);
      const scope = resourceScopeOf(attributes, descriptionOf(request, values, scopeEnd, SCOPE_ATTRIBUTES));
      yield* readRecords(request, groupOf(request, scope, scopeEnd));
    }
  }
}

/** Described is what a resource or a scope says; a resource has neither name nor version. */
interface Described {
  name: string;
  version: string;
  attributes: Members;
}

/**
 * descriptionOf reads the resource or scope, field 1 of the message from the reader to `end`, whose field `attributesField` are its
 * attributes. Senders may write it behind its records, so it is looked for first; the reader stays where it is.
 */
function descriptionOf(
  { reader, body }: ProtobufRequest,
  values: AnyValueReader,
  end: number,
  attributesField: number,
): Described {
  const found: Described = { name: "", version: "", attributes: new Map() };
  const start = reader.pos;
  eachField(reader, end, (tag) => {
    if (tag !== delimited(1)) return false;
    const messageEnd = endOf(reader, end);
    eachField(reader, messageEnd, (inner) => {
      if (inner === delimited(attributesField)) values.pair(endOf(reader, messageEnd), 1, found.attributes);
      else if (inner === delimited(1)) found.name = readText(reader, body, messageEnd);
      else if (inner === delimited(2)) found.version = readText(reader, body, messageEnd);
      else return false;
      return true;
    });
    return true;
  });
  reader.pos = start;
  return found;
}

function groupOf({ reader, body, sink, window }: ProtobufRequest, scope: ResourceScope, end: number): RecordGroup {
  const members: Members = new Map([
    ["service", textValue(scope.service)],
    ["message", textValue("")],
    ["tags", objectValue(scope.tags)],
  ]);
  const result = normaliseRecord(members, sink.receivedAtMs);
  const fields = "refused" in result ? null : { ...result.fields, tags: new Map(result.fields.tags) };
  if (fields !== null) renameTraceTags(fields.tags);
  return {
    end,
    service: fields?.service ?? "",
    parts: fields === null ? null : spellSharedParts(fields, scope.tags),
    decode: window.kernel.call.decodeLogRecords,
    addLevel: addSeverity,
    addRecord: (recordEnd) => addLogRecord(sink, scope, readLogRecord(reader, body, recordEnd)),
  };
}
