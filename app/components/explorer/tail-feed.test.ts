import { afterEach, describe, expect, it } from "vitest";
import { TailFeed, type TailSource } from "#app/components/explorer/tail-feed.ts";

class FakeSource implements TailSource {
  readyState = 1;
  readonly #listeners = new Map<string, (event: MessageEvent) => void>();

  addEventListener(name: string, listener: unknown): void {
    this.#listeners.set(name, listener as (event: MessageEvent) => void);
  }

  close(): void {
    this.readyState = 2;
  }

  send(name: string, data: unknown = null): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data) } as MessageEvent);
  }
}

function entry(id: string): object {
  return { timestamp: "2026-01-02T10:00:00.000Z", message: id, tags: {}, ref: { id, batch: null, key: null } };
}

describe("a live follow", () => {
  let nowMs = 0;
  const source = { current: new FakeSource() };
  let feed: TailFeed | null = null;
  let begun = 0;

  function follow(): TailFeed {
    source.current = new FakeSource();
    nowMs = 10_000;
    begun = 0;
    feed = new TailFeed({
      slug: "shop",
      query: "level:error",
      onChange: () => {},
      onFollow: () => begun++,
      nowMs: () => nowMs,
      open: (address) => {
        expect(address).toBe("/tail?project=shop&query=level%3Aerror");
        return source.current;
      },
    });
    feed.start();
    source.current.send("open");
    return feed;
  }

  afterEach(() => feed?.close());

  function ids(): string[] {
    return (feed?.view.rows ?? []).map(({ ref }) => ref.id);
  }

  it("shows the newest first, with the rate", () => {
    const following = follow();
    for (const id of ["a", "b", "c"]) source.current.send("entry", entry(id));
    following.show();
    source.current.send("entry", entry("d"));
    following.show();
    expect(ids()).toEqual(["d", "c", "b", "a"]);
    expect(following.view).toMatchObject({ status: "following", linesPerSecond: 0.8 });
    nowMs += 6_000;
    following.show();
    expect(following.view.linesPerSecond).toBe(0);
  });

  it("leaves the list alone while paused, counts what waits, and shows it after", () => {
    const following = follow();
    source.current.send("entry", entry("a"));
    following.show();
    following.pause();
    for (const id of ["b", "c"]) source.current.send("entry", entry(id));
    following.show();
    expect(ids()).toEqual(["a"]);
    expect(following.view).toMatchObject({ isPaused: true, waiting: 2 });
    following.resume();
    expect(ids()).toEqual(["c", "b", "a"]);
    expect(following.view.waiting).toBe(0);
  });

  it("says how many lines are missing, and why", () => {
    const following = follow();
    source.current.send("dropped", { count: 7 });
    following.pause();
    for (let i = 0; i < 5_003; i++) source.current.send("entry", entry(String(i)));
    following.show();
    source.current.readyState = 0;
    source.current.send("error");
    expect(following.view).toMatchObject({ dropped: 7, missed: 3, waiting: 5_000, cuts: 1, status: "lost" });
    source.current.send("open");
    expect(following.view.status).toBe("following");
    expect(begun).toBe(1);
  });

  it("tells a refusal from a connection that was cut", () => {
    const following = follow();
    source.current.close();
    source.current.send("error");
    expect(following.view.status).toBe("refused");
  });
});
