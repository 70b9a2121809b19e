import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { UNKNOWN_SERVICE, normaliseRecord } from "#app/server/protocols/json/normalise-record.ts";
import { objectValue, textValue, type Members } from "#app/server/protocols/json-text.ts";
import { servicePiece, tagPrefixOf } from "#app/server/protocols/line-composer.ts";
import { createAnyValueReader } from "#app/server/protocols/otlp/any-value.ts";
import { resourceScopeOf, type ResourceScope } from "#app/server/protocols/otlp/log-record.ts";
import { createLogRecordComposer, type SharedFields } from "#app/server/protocols/otlp/log-record-composer.ts";
import {
  BinaryReader,
  delimited,
  eachField,
  endOf,
  readText,
  skipField,
} from "#app/server/protocols/protobuf-fields.ts";
import { decodeProtobuf } from "#app/server/protocols/protobuf-records.ts";
import type { DecodeContext } from "#app/server/protocols/protocol.ts";
import { TURN_BYTES, type RecordSink } from "#app/server/protocols/record-sink.ts";
import { renameTraceTags } from "#app/server/protocols/trace-names.ts";

/*
 * ExportLogsServiceRequest{1 resource_logs}, ResourceLogs{1 resource, 2 scope_logs}, Resource{1 attributes},
 * ScopeLogs{1 scope, 2 log_records}, Scope{1 name, 2 version, 3 attributes}
 */

/** decodeOtlpProtobuf reads an ExportLogsServiceRequest. Throws BodyError when it is cut or no protobuf. */
export function decodeOtlpProtobuf(body: Buffer, context: DecodeContext): Promise<DecodedRecords> {
  return decodeProtobuf(body, context, readRequest);
}

function* readRequest(body: Buffer, sink: RecordSink): Generator<void, void> {
  const reader = new BinaryReader(body);
  const values = createAnyValueReader(reader, body);
  const addRecord = createLogRecordComposer(reader, body, sink);
  let turnEnd = TURN_BYTES;
  while (reader.pos < body.length) {
    const tag = reader.uint32();
    if (tag !== delimited(1)) {
      skipField(reader, tag, body.length);
      continue;
    }
    const resourceEnd = endOf(reader, body.length);
    const resourceStart = reader.pos;
    const resource = attributesOf(resourceStart, resourceEnd, 1, 1);
    reader.pos = resourceStart;
    while (reader.pos < resourceEnd) {
      const resourceTag = reader.uint32();
      if (resourceTag !== delimited(2)) {
        skipField(reader, resourceTag, resourceEnd);
        continue;
      }
      const scopeEnd = endOf(reader, resourceEnd);
      const scopeStart = reader.pos;
      const shared = sharedOf(sink, resourceScopeOf(resource, scopeOf(scopeStart, scopeEnd)));
      reader.pos = scopeStart;
      while (reader.pos < scopeEnd) {
        const scopeTag = reader.uint32();
        if (scopeTag !== delimited(2)) {
          skipField(reader, scopeTag, scopeEnd);
          continue;
        }
        addRecord(endOf(reader, scopeEnd), shared);
        if (reader.pos < turnEnd) continue;
        sink.assertRoom();
        turnEnd = reader.pos + TURN_BYTES;
        yield;
      }
    }
  }

  /** Senders may write a resource behind its records, so it is looked for first. */
  function attributesOf(start: number, end: number, messageField: number, attributesField: number): Members {
    const attributes: Members = new Map();
    reader.pos = start;
    eachField(reader, end, (tag) => {
      if (tag !== delimited(messageField)) return false;
      const messageEnd = endOf(reader, end);
      eachField(reader, messageEnd, (inner) => {
        if (inner !== delimited(attributesField)) return false;
        values.pair(endOf(reader, messageEnd), 1, attributes);
        return true;
      });
      return true;
    });
    return attributes;
  }

  function scopeOf(start: number, end: number): { name: string; version: string; attributes: Members } {
    const scope = { name: "", version: "", attributes: attributesOf(start, end, 1, 3) };
    reader.pos = start;
    eachField(reader, end, (tag) => {
      if (tag !== delimited(1)) return false;
      const messageEnd = endOf(reader, end);
      eachField(reader, messageEnd, (inner) => {
        if (inner === delimited(1)) scope.name = readText(reader, body, messageEnd);
        else if (inner === delimited(2)) scope.version = readText(reader, body, messageEnd);
        else return false;
        return true;
      });
      return true;
    });
    return scope;
  }
}

function sharedOf(sink: RecordSink, scope: ResourceScope): SharedFields {
  const members: Members = new Map([
    ["service", textValue(scope.service)],
    ["message", textValue("")],
    ["tags", objectValue(scope.tags)],
  ]);
  const result = normaliseRecord(members, sink.receivedAtMs);
  if ("refused" in result) return { ...scope, servicePiece: servicePiece(sink.builder, UNKNOWN_SERVICE), prefix: null };
  const tags = new Map(result.fields.tags);
  renameTraceTags(tags);
  return { ...scope, servicePiece: servicePiece(sink.builder, result.fields.service), prefix: tagPrefixOf(tags) };
}
