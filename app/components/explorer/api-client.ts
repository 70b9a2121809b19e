import type { Entry } from "#app/components/explorer/entry.ts";
import { ndjsonSplitter } from "#app/core/ndjson.ts";
import type { Level } from "#app/core/level.ts";

/** Progress is how far a search has come. */
export interface Progress {
  batchesTotal: number;
  batchesDone: number;
  bytesScanned: number;
  matched: number;
}

/** SearchEnd is the last record of a search. */
export interface SearchEnd {
  complete: boolean;
  matched: number;
  cursor: string | null;
  elapsedMs: number;
  batches: { total: number; skipped: number; scanned: number };
  reason?: "timeout" | "limit" | "unreachable";
}

export type SearchRecord = { entry: Entry } | { progress: Progress } | { end: SearchEnd };

export interface Histogram {
  interval: string;
  from: string;
  to: string;
  total: number;
  buckets: { start: string; counts: Partial<Record<Level, number>> }[];
  complete: boolean;
}

export interface Facet {
  name: string;
  values: { value: string; count: number }[];
  distinct: number;
  exact: boolean;
}

export interface Facets {
  fields: Facet[];
  complete: boolean;
}

export interface Context {
  entries: Entry[];
  index: number;
  complete: boolean;
}

/** ApiFailure is an answer that is no result, or no answer at all (`status` 0). */
export interface ApiFailure {
  status: number;
  title: string;
  detail: string;
  /** Where a query stops making sense. */
  position: number | null;
  requestId: string | null;
}

/** ApiError carries a failure through a promise. */
export class ApiError extends Error {
  readonly failure: ApiFailure;

  constructor(failure: ApiFailure) {
    super(`${failure.title}: ${failure.detail}`);
    this.name = "ApiError";
    this.failure = failure;
  }
}

/** failureOf is what to tell of anything that a call threw. */
export function failureOf(error: unknown): ApiFailure {
  if (error instanceof ApiError) return error.failure;
  return {
    status: 0,
    title: "No answer",
    detail: "The server did not answer, or the connection was cut.",
    position: null,
    requestId: null,
  };
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The page draws and takes keys between two pieces of a stream; a piece's lines are read for as long at a time. */
const SLICE_MS = 12;

/**
 * streamQuery gives a search's records in slices, as they arrive. It ends without an `end` record when the connection was
 * cut. Throws ApiError for a refusal, and the signal's reason when that aborts.
 */
export async function* streamQuery(slug: string, body: object, signal: AbortSignal): AsyncGenerator<SearchRecord[]> {
  const answer = await call("/query", slug, body, signal, "application/x-ndjson");
  const reader = answer.body?.getReader();
  if (reader === undefined) return;
  const splitter = ndjsonSplitter();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      let slice: SearchRecord[] = [];
      let startedAtMs = performance.now();
      for (const line of splitter.push(value)) {
        slice.push(JSON.parse(line) as SearchRecord);
        if (performance.now() - startedAtMs < SLICE_MS) continue;
        yield slice;
        slice = [];
        await nextTask();
        startedAtMs = performance.now();
      }
      if (slice.length > 0) yield slice;
    }
  } finally {
    // Without this the server goes on with a search whose reader stopped listening.
    await reader.cancel().catch(() => undefined);
  }
}

/** fetchJson calls one of the other reads. */
export async function fetchJson<T>(path: string, slug: string, body: object, signal: AbortSignal): Promise<T> {
  const answer = await call(path, slug, body, signal, "application/json");
  return (await answer.json()) as T;
}

async function call(path: string, slug: string, body: object, signal: AbortSignal, accept: string): Promise<Response> {
  const answer = await fetch(`${path}?project=${encodeURIComponent(slug)}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", accept },
    signal,
  });
  if (answer.ok) return answer;
  throw new ApiError(await readFailure(answer));
}

async function readFailure(answer: Response): Promise<ApiFailure> {
  const requestId = answer.headers.get("x-request-id");
  let problem: { title?: unknown; detail?: unknown; position?: unknown } = {};
  try {
    problem = (await answer.json()) as typeof problem;
  } catch {
    // A proxy's page is no problem document; its status says enough.
  }
  // What the API says of a key would puzzle those who never had one.
  if (answer.status === 401)
    return { ...failureOf(null), status: 401, title: "You are signed out", detail: "The session ended.", requestId };
  return {
    status: answer.status,
    title: typeof problem.title === "string" ? problem.title : `Status ${answer.status}`,
    detail: typeof problem.detail === "string" ? problem.detail : "The server refused the request.",
    position: typeof problem.position === "number" ? problem.position : null,
    requestId,
  };
}

/** A task of its own, unlike a microtask, lets the browser draw; a message is not slowed down as timers are. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
