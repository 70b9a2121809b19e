import { describe, expect, it } from "vitest";
import { ApiError, type SearchRecord } from "#app/components/explorer/api-client.ts";
import { SearchRun } from "#app/components/explorer/search-run.ts";

function entry(id: string): SearchRecord {
  return {
    entry: {
      timestamp: "2026-01-02T10:00:00.000Z",
      service: "web",
      level: "info",
      message: id,
      tags: {},
      ref: { id, batch: null, key: null },
    },
  };
}

function end(cursor: string | null): SearchRecord {
  return {
    end: { complete: true, matched: 1, cursor, elapsedMs: 1, batches: { total: 1, skipped: 0, scanned: 1 } },
  };
}

/** A server that answers each question with the next of these pages; an Error is thrown where it stands. */
function pages(...answers: (SearchRecord[] | Error)[][]) {
  const bodies: object[] = [];
  async function* stream(_slug: string, body: object, signal: AbortSignal) {
    bodies.push(body);
    for (const slice of answers.shift() ?? []) {
      await Promise.resolve();
      signal.throwIfAborted();
      if (slice instanceof Error) throw slice;
      yield slice;
    }
  }
  return { stream, bodies };
}

function run(stream: ReturnType<typeof pages>["stream"], onChange = () => {}): SearchRun {
  return new SearchRun({ slug: "p", body: { query: "x" }, onChange, stream, nowMs: () => 0 });
}

function ids(search: SearchRun): string[] {
  return search.view.rows.slice(0, search.view.count).map(({ ref }) => ref.id);
}

describe("a search", () => {
  it("shows rows as they arrive and pages on with the cursor and the same body", async () => {
    const { stream, bodies } = pages([[entry("a")], [entry("b"), end("c1")]], [[entry("c"), end(null)]]);
    const search = run(stream);
    await search.start();
    expect(ids(search)).toEqual(["a", "b"]);
    expect(search.hasMore).toBe(true);
    await search.loadMore();
    expect(ids(search)).toEqual(["a", "b", "c"]);
    expect(search.hasMore).toBe(false);
    expect(bodies).toEqual([
      { query: "x", limit: 200 },
      { query: "x", limit: 1000, cursor: "c1" },
    ]);
  });

  it("keeps what is there when it is stopped, and goes on without showing a row twice", async () => {
    const { stream } = pages(
      [[entry("a")], [entry("b")], [end(null)]],
      [[entry("a"), entry("b"), entry("c"), end(null)]],
    );
    let isResumed = false;
    const search: SearchRun = run(stream, () => {
      if (search.view.count === 1 && !isResumed) search.stop();
    });
    await search.start();
    expect(search.view.phase).toBe("stopped");
    expect(ids(search)).toEqual(["a"]);
    isResumed = true;
    await search.resume();
    expect(ids(search)).toEqual(["a", "b", "c"]);
    expect(search.view.phase).toBe("done");
  });

  it("keeps what is there when the connection is cut, and says so", async () => {
    const { stream } = pages([[entry("a")]], [[entry("a"), entry("b"), end(null)]]);
    const search = run(stream);
    await search.start();
    expect(search.view).toMatchObject({ phase: "failed", count: 1, failure: { status: 0 } });
    await search.resume();
    expect(ids(search)).toEqual(["a", "b"]);
    expect(search.view).toMatchObject({ phase: "done", failure: null });
  });

  it("tells a refusal with its position", async () => {
    const failure = { status: 400, title: "t", detail: "d", position: 4, requestId: null };
    const { stream } = pages([new ApiError(failure)]);
    const search = run(stream);
    await search.start();
    expect(search.view).toMatchObject({ phase: "failed", failure: { position: 4 } });
  });

  it("tells nothing after it was closed", async () => {
    const { stream } = pages([[entry("a")], [entry("b"), end(null)]]);
    let changes = 0;
    const search = run(stream, () => changes++);
    const started = search.start();
    search.close();
    await started;
    expect(changes).toBe(1);
  });
});
