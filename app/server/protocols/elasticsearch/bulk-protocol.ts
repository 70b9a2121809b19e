import { isUtf8 } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import { readAction, readDocument, type BulkAction } from "#app/server/protocols/elasticsearch/bulk-item.ts";
import { PRODUCT_HEADER } from "#app/server/protocols/elasticsearch/product-header.ts";
import { permanentStatus, type DecodeContext, type Protocol } from "#app/server/protocols/protocol.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";
import { inTurns, RecordSink, TURN_BYTES } from "#app/server/protocols/record-sink.ts";

/** BulkRecords also has an answer for every action, in their order: senders match them by position. */
interface BulkRecords extends DecodedRecords {
  /** JSON texts. */
  items: string[];
  hasErrors: boolean;
}

/**
 * bulkProtocol is the `_bulk` of Elasticsearch and OpenSearch. A document that is refused is a 400 of its own, which senders
 * put aside; official clients throw at any answer without the product header.
 */
export const bulkProtocol: Protocol<BulkRecords> = {
  async decode(body, context) {
    const sound = isUtf8(body) ? body : Buffer.from(body.toString("utf8"));
    const sink = new RecordSink({ ...context, bodyBytes: body.length });
    const bulk = { items: [] as string[], hasErrors: false };
    await inTurns(readBulk(sound, sink, context, bulk));
    if (bulk.items.length === 0) throw new BodyError(400, "request body is required");
    return { ...sink.finish(), ...bulk };
  },

  // Fluent Bit looks for `"errors":false,"items":[` in the text.
  answer: ({ items, hasErrors }) =>
    new Response(`{"took":0,"errors":${hasErrors},"items":[${items.join(",")}]}`, {
      headers: { ...PRODUCT_HEADER, "content-type": "application/json" },
    }),

  refuse({ status, detail: reason = "", headers }, request) {
    const type = ERROR_TYPES.get(status) ?? "exception";
    const sentStatus = permanentStatus(status, request);
    return Response.json(
      { error: { root_cause: [{ type, reason }], type, reason }, status: sentStatus },
      { status: sentStatus, headers: { ...headers, ...PRODUCT_HEADER } },
    );
  },
};

const ERROR_TYPES: ReadonlyMap<number, string> = new Map([
  [400, "illegal_argument_exception"],
  [401, "security_exception"],
  [403, "security_exception"],
  [413, "content_too_long_exception"],
  [415, "illegal_argument_exception"],
  [429, "es_rejected_execution_exception"],
  [503, "unavailable_shards_exception"],
]);

function* readBulk(
  body: Buffer,
  sink: RecordSink,
  { request }: DecodeContext,
  bulk: { items: string[]; hasErrors: boolean },
): Generator<void, void> {
  const defaultIndex = request.params["index"] ?? "";
  const requestId = randomBytes(9).toString("base64url");
  let at = 0;
  let turnEnd = TURN_BYTES;
  for (let line = nextLine(); line !== null; line = nextLine()) {
    const action = readAction(line, defaultIndex);
    if (typeof action === "string") {
      // Whether the next line is a document or an action is not to be known any more.
      throw new BodyError(400, `malformed action line ${bulk.items.length + 1}: ${action}`);
    }
    if (action.name === "delete") addItem(action, 404, null);
    else addDocument(action, nextLine());
    if (at < turnEnd) continue;
    turnEnd = at + TURN_BYTES;
    yield;
  }

  function addDocument(action: BulkAction, line: Buffer | null): void {
    const document = line === null ? "the document is missing" : readDocument(line, action);
    if (typeof document === "string") {
      sink.refuse(document);
      addItem(action, 400, document);
      return;
    }
    const problem = sink.add(document, { fallbackService: action.index });
    addItem(action, problem === null ? 201 : 400, problem);
  }

  function addItem({ name, index, id }: BulkAction, status: number, problem: string | null): void {
    const result = status === 201 ? '"_version":1,"result":"created",' : status === 404 ? '"result":"not_found",' : "";
    const error =
      problem === null ? "" : `,"error":{"type":"document_parsing_exception","reason":${JSON.stringify(problem)}}`;
    const ownId = id === "" ? `${requestId}${bulk.items.length.toString(36)}` : id;
    bulk.hasErrors ||= problem !== null;
    bulk.items.push(
      `{"${name}":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(ownId)},${result}"status":${status}${error}}}`,
    );
  }

  /** Blank lines mean nothing, and the last line feed may be missing. */
  function nextLine(): Buffer | null {
    while (at < body.length) {
      const found = body.indexOf(10, at);
      const end = found === -1 ? body.length : found;
      const line = body.subarray(at, end);
      at = end + 1;
      if (!isBlank(line)) return line;
    }
    return null;
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 32 && byte !== 9 && byte !== 13) return false;
  return true;
}
