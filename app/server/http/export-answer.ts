import type { AppLoadContext } from "@remix-run/server-runtime";
import { csvRow } from "#app/core/csv.ts";
import type { QueryRequest } from "#app/core/query-request.ts";
import { askedQuery } from "#app/server/http/asked-query.ts";
import { chooseEncoding, compressChunks } from "#app/server/http/compress-stream.ts";
import { entryJson } from "#app/server/http/entry-json.ts";
import { problem } from "#app/server/http/problem.ts";
import { streamResponse } from "#app/server/http/stream-response.ts";
import type { Services } from "#app/server/services.ts";
import { decodeCursor, encodeCursor, queryHash } from "#app/server/search/cursor.ts";
import { exportMatches, type ExportEnd, type ExportEvent } from "#app/server/search/export-matches.ts";
import type { Match } from "#app/server/search/page-selection.ts";

export type ExportFormat = "ndjson" | "csv";

const CONTENT_TYPES: Record<ExportFormat, string> = {
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
};
const CSV_COLUMNS = ["timestamp", "service", "level", "message", "tags", "id"];

/** Pieces of an export are gathered to this size before they go out. */
const CHUNK_BYTES = 64 * 1024;

export interface AskedExport {
  asked: QueryRequest;
  format: ExportFormat;
  /** Infinity for everything. */
  limit: number;
  acceptEncoding: string | null;
}

/** answerExport streams every match. What can be refused is refused before the first byte. */
export async function answerExport(
  services: Services,
  context: AppLoadContext,
  projectId: string,
  { asked, format, limit, acceptEncoding }: AskedExport,
): Promise<Response> {
  const startedAtMs = services.clock.nowMs();
  const { predicate, range: askedRange } = askedQuery(asked, startedAtMs, context);
  const hash = queryHash(projectId, asked);
  const cursor = asked.cursor ? decodeCursor(asked.cursor) : null;
  if (asked.cursor && cursor?.queryHash !== hash)
    return problem({ status: 400, title: "Bad Request", detail: "The cursor belongs to another export." });
  const { fromNs, toNs } = cursor ?? askedRange;
  const range = { fromNs, toNs };
  const { search, querySlots, env, walId, clock } = services;
  const events = exportMatches(
    { ...search, slots: querySlots, maxExportMs: env.maxExportMs },
    { projectId, range, predicate, order: asked.order, limit, behind: cursor },
    context.gone,
  );
  // The catalog is read before anything is answered, so that its absence can still be a 503.
  const first = await events.next();

  function endOf({ last, reason, complete, matched, batches }: ExportEnd) {
    return {
      complete,
      matched,
      cursor: last === null ? null : encodeCursor({ ...range, queryHash: hash, ...last, walId }),
      elapsedMs: clock.nowMs() - startedAtMs,
      batches,
      ...(reason === null ? {} : { reason }),
    };
  }
  const chunks = gather(encode(format, first, events, endOf));
  const encoding = chooseEncoding(acceptEncoding);
  return streamResponse(context, encoding === null ? chunks : compressChunks(chunks, encoding), {
    headers: {
      "content-type": CONTENT_TYPES[format],
      "content-disposition": `attachment; filename="logs.${format}"`,
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      vary: "accept-encoding",
      ...(encoding === null ? {} : { "content-encoding": encoding }),
    },
  });
}

type End = Record<string, unknown> & { complete: boolean; matched: number; reason?: string };

async function* encode(
  format: ExportFormat,
  next: IteratorResult<ExportEvent>,
  rest: AsyncGenerator<ExportEvent>,
  endOf: (end: ExportEnd) => End,
): AsyncGenerator<Buffer> {
  try {
    if (format === "csv") yield Buffer.from(csvRow(CSV_COLUMNS));
    for (; next.done !== true; next = await rest.next()) {
      const event = next.value;
      if (event.kind === "end") yield Buffer.from(lastLine(format, endOf(event.end)));
      else {
        for (const match of event.matches) yield format === "csv" ? csvLine(match) : ndjsonLine(match);
        // As in query-answer: whoever handed this array on still knows it.
        event.matches.length = 0;
      }
    }
  } finally {
    await rest.return(undefined);
  }
}

function ndjsonLine(match: Match): Buffer {
  return Buffer.concat([Buffer.from('{"entry":'), entryJson(match), Buffer.from("}\n")]);
}

function csvLine({ line, id }: Match): Buffer {
  const entry = JSON.parse(line.toString("utf8")) as {
    timestamp: string;
    service: string;
    level: string;
    message: string;
    tags: Record<string, string>;
  };
  const { timestamp, service, level, message, tags } = entry;
  return Buffer.from(csvRow([timestamp, service, level, message, JSON.stringify(tags), id]));
}

/** The last line tells a whole file from one that was cut off. In CSV it is one cell, which no entry's row can be. */
function lastLine(format: ExportFormat, end: End): string {
  if (format === "ndjson") return `${JSON.stringify({ end })}\n`;
  const reason = end.reason === undefined ? "" : ` reason=${end.reason}`;
  return csvRow([`# end complete=${end.complete} matched=${end.matched}${reason}`]);
}

async function* gather(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    gathered.push(piece);
    bytes += piece.length;
    if (bytes < CHUNK_BYTES) continue;
    const chunk = Buffer.concat(gathered, bytes);
    gathered = [];
    bytes = 0;
    yield chunk;
  }
  if (bytes > 0) yield Buffer.concat(gathered, bytes);
}
