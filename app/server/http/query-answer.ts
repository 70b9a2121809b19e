import type { AppLoadContext } from "@remix-run/server-runtime";
import type { QueryRequest } from "#app/core/query-request.ts";
import { askedQuery } from "#app/server/http/asked-query.ts";
import { entryPieces } from "#app/server/http/entry-json.ts";
import { problem } from "#app/server/http/problem.ts";
import { queryFormat, type QueryFormat } from "#app/server/http/query-format.ts";
import { streamResponse } from "#app/server/http/stream-response.ts";
import type { Services } from "#app/server/services.ts";
import { decodeCursor, encodeCursor, queryHash, type Cursor } from "#app/server/search/cursor.ts";
import type { Match } from "#app/server/search/page-selection.ts";
import { searchPage, type PageRequest, type SearchEnd, type SearchEvent } from "#app/server/search/search-page.ts";
import type { Span } from "#app/server/system/tracer.ts";

const CONTENT_TYPES: Record<QueryFormat, string> = {
  ndjson: "application/x-ndjson",
  sse: "text/event-stream",
  json: "application/json",
};

/** Pieces of an answer are gathered to this size before they go out; a whole step of the search is never held longer. */
const CHUNK_BYTES = 64 * 1024;

/** answerQuery starts a search and answers with its stream. What can be refused is refused before the first byte. */
export async function answerQuery(
  services: Services,
  context: AppLoadContext,
  projectId: string,
  asked: QueryRequest,
  accept: string | null,
): Promise<Response> {
  const { predicate, range: askedRange } = askedQuery(asked, services.clock.nowMs(), context);
  const hash = queryHash(projectId, asked);
  const cursor = asked.cursor ? decodeCursor(asked.cursor) : null;
  if (asked.cursor && (cursor === null || cursor.queryHash !== hash)) {
    const detail =
      "The cursor belongs to another query: page on with exactly the body that the first page had, and its cursor.";
    return problem({ status: 400, title: "Bad Request", detail });
  }
  const range = cursor ?? askedRange;
  const page: PageRequest = {
    projectId,
    range: { fromNs: range.fromNs, toNs: range.toNs },
    predicate,
    order: asked.order,
    limit: asked.limit,
    behind: cursor,
  };
  const search = searchPage(services.search, page, context.gone);
  const slotted = services.querySlots.each(projectId, context.gone, search);
  const events = traceSearch(services.tracer.begin("query"), projectId, slotted);
  // The catalog is read before anything is answered, so that its absence can still be a 503.
  const first = await events.next();
  const format = queryFormat(accept);
  const encoder = new AnswerEncoder(services, format, { page, hash, cursor });
  return streamResponse(context, encoder.encode(first, events), {
    headers: { "content-type": CONTENT_TYPES[format], "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

/** The span lasts until the last step, or until the reader has had enough. */
async function* traceSearch(
  span: Span,
  projectId: string,
  events: AsyncGenerator<SearchEvent>,
): AsyncGenerator<SearchEvent> {
  span.set("akavelog.project_id", projectId);
  let hasFailed = true;
  try {
    for await (const event of events) {
      if (event.kind === "end") {
        span.set("akavelog.complete", event.end.complete);
        span.set("akavelog.matched", event.end.matched);
        span.set("akavelog.batches", event.end.batches.total);
        span.set("akavelog.batches_scanned", event.end.batches.scanned);
      }
      yield event;
    }
    hasFailed = false;
  } finally {
    span.end(hasFailed);
  }
}

interface Asked {
  page: PageRequest;
  hash: string;
  cursor: Cursor | null;
}

/** AnswerEncoder writes search events in one of the three formats. */
class AnswerEncoder {
  readonly #services: Services;
  readonly #format: QueryFormat;
  readonly #asked: Asked;
  readonly #startedAtMs: number;
  #entries = 0;

  constructor(services: Services, format: QueryFormat, asked: Asked) {
    this.#services = services;
    this.#format = format;
    this.#asked = asked;
    this.#startedAtMs = services.clock.nowMs();
  }

  /** `next` is the first event, and the place of each later one: a reader who stalls holds one step of the search. */
  async *encode(next: IteratorResult<SearchEvent>, rest: AsyncIterator<SearchEvent>): AsyncGenerator<Buffer> {
    try {
      if (this.#format === "json") yield Buffer.from('{"entries":[');
      for (; next.done !== true; next = await rest.next()) {
        const event = next.value;
        if (event.kind === "matches") yield* this.#entriesOf(event.matches);
        else if (event.kind === "end") yield this.#last(this.#endOf(event.end));
        else if (this.#format !== "json")
          yield Buffer.concat(this.#line("progress", [Buffer.from(JSON.stringify(event.progress))]));
      }
    } finally {
      await rest.return?.();
    }
  }

  *#entriesOf(matches: Match[]): Generator<Buffer> {
    let pieces: Buffer[] = [];
    let bytes = 0;
    for (const match of matches) {
      for (const piece of this.#line("entry", entryPieces(match))) {
        pieces.push(piece);
        bytes += piece.length;
      }
      if (bytes < CHUNK_BYTES) continue;
      const chunk = Buffer.concat(pieces, bytes);
      pieces = [];
      bytes = 0;
      yield chunk;
    }
    if (bytes > 0) yield Buffer.concat(pieces, bytes);
    // The generators that handed them on still know this array, and would keep the lines for as long as a reader stalls.
    matches.length = 0;
  }

  #line(name: "entry" | "progress", json: Buffer[]): Buffer[] {
    switch (this.#format) {
      case "ndjson":
        return [Buffer.from(`{"${name}":`), ...json, Buffer.from("}\n")];
      case "sse":
        return [Buffer.from(`event: ${name}\ndata: `), ...json, Buffer.from("\n\n")];
      case "json":
        return this.#entries++ === 0 ? json : [Buffer.from(","), ...json];
    }
  }

  #last(end: object): Buffer {
    const json = JSON.stringify(end);
    if (this.#format === "json") return Buffer.from(`],"end":${json}}`);
    return Buffer.from(this.#format === "sse" ? `event: end\ndata: ${json}\n\n` : `{"end":${json}}\n`);
  }

  #endOf({ complete, matched, last, batches, reason }: SearchEnd): object {
    const { page, hash, cursor } = this.#asked;
    const { walId, clock } = this.#services;
    const isForeign = cursor !== null && cursor.walId !== walId;
    return {
      complete,
      matched,
      cursor: last === null ? null : encodeCursor({ ...page.range, queryHash: hash, ...last, walId }),
      elapsedMs: clock.nowMs() - this.#startedAtMs,
      batches,
      ...(reason === null ? {} : { reason }),
      ...(isForeign ? { scope: "committed" } : {}),
    };
  }
}
