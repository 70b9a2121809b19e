import { AkavelogError } from "#app/core/errors.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { authoriseProject } from "#app/server/http/authorise.ts";
import type { ApiRequest } from "#app/server/http/api-route.ts";
import { entryJson } from "#app/server/http/entry-json.ts";
import { streamResponse } from "#app/server/http/stream-response.ts";
import type { Services } from "#app/server/services.ts";
import type { Match } from "#app/server/search/page-selection.ts";

/** Proxies close what is silent for a minute, and people want to know that nothing arriving means nothing happening. */
const HEARTBEAT_INTERVAL_MS = 15_000;
/** A revoked key must be refused everywhere within five seconds, a stream that is open already included. */
const KEY_CHECK_INTERVAL_MS = 2_000;

/** Who follows: a key, or a browser that is signed in. */
type Asking = Pick<ApiRequest, "request" | "context">;

/** encodeTailEntry is an entry as a server-sent event. */
export function encodeTailEntry(entry: Pick<Match, "line" | "id" | "batch" | "key">): Buffer {
  return Buffer.concat([Buffer.from("event: entry\ndata: "), entryJson(entry), Buffer.from("\n\n")]);
}

/** answerTail follows a project's entries until the client goes away or its key or session is refused. */
export function answerTail(services: Services, asking: Asking, projectId: string, predicate: Predicate): Response {
  return streamResponse(asking.context, follow(services, asking, projectId, predicate), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" },
  });
}

/** Begins with the first read, so that an answer that nobody reads leaves no reader behind. */
async function* follow(
  services: Services,
  { request, context }: Asking,
  projectId: string,
  predicate: Predicate,
): AsyncGenerator<Buffer> {
  const { reader, close } = services.tail.open(projectId, predicate);
  const { clock } = services;
  let beatAtMs = clock.nowMs();
  let checkedAtMs = beatAtMs;
  try {
    // Headers go out with the first byte, and nothing may arrive for long.
    yield Buffer.from(": following\n\n");
    while (!context.gone.aborted) {
      const piece = await reader.take((over) =>
        clock.sleep(KEY_CHECK_INTERVAL_MS, AbortSignal.any([over, context.gone])),
      );
      const nowMs = clock.nowMs();
      if (nowMs - checkedAtMs >= KEY_CHECK_INTERVAL_MS) {
        if (!(await isStillAllowed(services, { request, context }))) return;
        checkedAtMs = nowMs;
      }
      if (piece !== null) {
        yield "entries" in piece ? Buffer.concat(piece.entries) : eventOf("dropped", { count: piece.dropped });
      }
      if (nowMs - beatAtMs >= HEARTBEAT_INTERVAL_MS - KEY_CHECK_INTERVAL_MS) {
        beatAtMs = nowMs;
        yield Buffer.concat([
          Buffer.from(": heartbeat\n"),
          eventOf("heartbeat", { at: new Date(nowMs).toISOString() }),
        ]);
      }
    }
  } finally {
    close();
  }
}

function eventOf(name: string, data: object): Buffer {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

async function isStillAllowed(services: Services, asking: Asking): Promise<boolean> {
  try {
    await authoriseProject(services, asking, "query");
    return true;
  } catch (error) {
    // While the database is away nothing new is known of the key; what it allowed a moment ago goes on.
    return error instanceof AkavelogError;
  }
}
