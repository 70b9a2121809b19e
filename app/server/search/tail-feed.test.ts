import { pino } from "pino";
import { expect, test } from "vitest";
import { sha256Of } from "#app/server/o3/sha256.ts";
import { TailFeed, type CommittedElsewhere, type CommittedRequest } from "#app/server/search/tail-feed.ts";
import { createOutsideWorld, emptyOutside } from "#tests/support/crash-fakes.ts";

interface Scene {
  feed: TailFeed;
  /** Lets time pass. */
  pass(ms: number): void;
  asked: CommittedRequest[];
  /** What the follows got: object keys, and how many entries were dropped. */
  told: (string | number)[];
  followed: string[];
  /** What this process told of its follows, and what it sealed for those elsewhere. */
  exchanged: string[];
  followedElsewhere: string[];
  /** Commits a batch of another process; without an object it cannot be read. */
  commit(name: string, hasObject?: boolean): Promise<void>;
}

function scene(): Scene {
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() };
  const objects = new Map<string, Buffer>();
  const { store } = createOutsideWorld({ ...emptyOutside(), objects }, () => undefined);
  const committed: CommittedElsewhere[] = [];
  const asked: CommittedRequest[] = [];
  const told: (string | number)[] = [];
  const followed = ["p"];
  const exchanged: string[] = [];
  const followedElsewhere: string[] = [];
  const feed = new TailFeed({
    hub: {
      followed: () => [...followed],
      publishObject: (_projectId, _object, { objectKey }) => Promise.resolve(void told.push(objectKey)),
      dropObject: (_projectId, entries) => told.push(entries),
    },
    catalog: {
      exchangeFollows(walId, projectIds) {
        exchanged.push(`${walId} follows ${projectIds.join()}`);
        return Promise.resolve([...followedElsewhere]);
      },
      findCommitted(request) {
        asked.push(request);
        return Promise.resolve([...committed]);
      },
    },
    walId: "own",
    walIds: () => ["own"],
    seal: (projectId) => void exchanged.push(`seal ${projectId}`),
    store,
    cache: null,
    clock,
    logger: pino({ level: "silent" }),
  });
  return {
    feed,
    pass: (ms) => void (nowMs += ms),
    asked,
    told,
    followed,
    exchanged,
    followedElsewhere,
    async commit(name, hasObject = true) {
      const bytes = Buffer.from(name);
      if (hasObject) objects.set(name, bytes);
      committed.push({ projectId: "p", id: name, objectKey: name, sha256: await sha256Of(bytes), entries: 7 });
    },
  };
}

test("a follow gets each batch that other processes commit after it began, once", async () => {
  const { feed, told, commit } = scene();
  await commit("before");
  await feed.look();
  await commit("first");
  await feed.look();
  await commit("second");
  await feed.look();
  await feed.look();
  expect(told).toEqual(["first", "second"]);
});

test("what cannot be read is told as dropped", async () => {
  const { feed, told, commit } = scene();
  await feed.look();
  await commit("gone", false);
  await feed.look();
  expect(told).toEqual([7]);
});

test("nothing is asked while nobody follows, and after a pause for as long as it took", async () => {
  const { feed, pass, asked, followed } = scene();
  followed.length = 0;
  await feed.look();
  expect(asked).toEqual([]);
  followed.push("p");
  await feed.look();
  pass(60_000);
  await feed.look();
  expect(asked.map(({ withinMs, exceptWalIds }) => [withinMs, exceptWalIds])).toEqual([
    [10_000, ["own"]],
    [70_000, ["own"]],
  ]);
});

test("what is followed elsewhere is sealed, and the others are told of the follows here", async () => {
  const { feed, exchanged, followedElsewhere } = scene();
  await feed.exchange();
  followedElsewhere.push("q", "r");
  await feed.exchange();
  expect(exchanged).toEqual(["own follows p", "own follows p", "seal q", "seal r"]);
});
