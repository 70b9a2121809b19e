import { expect, test } from "vitest";
import type { DueRule } from "#app/server/alerts/evaluation-catalog.ts";
import { SearchLane, type LaneOutcome } from "#app/server/alerts/search-lane.ts";

const INTERVAL_MS = 1_000;

interface Running {
  id: string;
  end: (outcome: LaneOutcome) => Promise<void>;
}

function laneWithRules() {
  const running: Running[] = [];
  let nowMs = 0;
  let wishes = 0;
  const lane = new SearchLane({
    evaluate: ({ id }) =>
      new Promise((resolve) => {
        const end = async (outcome: LaneOutcome) => {
          running.splice(
            running.findIndex((one) => one.id === id),
            1,
          );
          resolve(outcome);
          await new Promise((next) => setImmediate(next));
        };
        running.push({ id, end });
      }),
    nowMs: () => nowMs,
    intervalMs: INTERVAL_MS,
    onMore: () => wishes++,
  });
  return {
    lane,
    running,
    ids: () => running.map(({ id }) => id).sort((a, b) => a.localeCompare(b)),
    end: (id: string, outcome: LaneOutcome) => (running.find((one) => one.id === id) as Running).end(outcome),
    wait: (ms: number) => (nowMs += ms),
    wishes: () => wishes,
  };
}

function rule(id: string, projectId = "p", evaluatedToMs = 0): DueRule {
  return { id, projectId, evaluatedToMs } as DueRule;
}

test("three rules run at once, of different projects where there are any", async () => {
  const { lane, ids, end } = laneWithRules();
  lane.offer([rule("a1", "a"), rule("a2", "a"), rule("a3", "a"), rule("b1", "b"), rule("c1", "c")]);
  expect(ids()).toEqual(["a1", "b1", "c1"]);
  await end("b1", "done");
  expect(ids()).toEqual(["a1", "a2", "c1"]);
});

test("a rule that is offered again while it runs or waits runs once", async () => {
  const { lane, ids, end } = laneWithRules();
  lane.offer([rule("a"), rule("b"), rule("c"), rule("d")]);
  lane.offer([rule("a"), rule("b"), rule("c"), rule("d")]);
  await end("a", "done");
  expect(ids()).toEqual(["b", "c", "d"]);
});

test("one that failed waits longer each time, behind those that did not fail", async () => {
  const { lane, ids, end, wait } = laneWithRules();
  lane.offer([rule("slow")]);
  await end("slow", "failed");
  lane.offer([rule("slow"), rule("other")]);
  expect(ids()).toEqual(["other"]);
  expect(lane.hasFailed("slow")).toBe(true);
  wait(INTERVAL_MS);
  lane.offer([rule("slow"), rule("n1", "x"), rule("n2", "y")]);
  expect(ids()).toEqual(["n1", "n2", "other"]);
  await end("other", "done");
  expect(ids()).toEqual(["n1", "n2", "slow"]);
  await end("slow", "failed");
  wait(INTERVAL_MS);
  lane.offer([rule("slow")]);
  expect(ids()).toEqual(["n1", "n2"]);
  wait(INTERVAL_MS);
  lane.offer([rule("slow")]);
  expect(ids()).toEqual(["n1", "n2", "slow"]);
});

test("a rule with further windows asks for the next round, and a lane that stops begins nothing", async () => {
  const { lane, ids, end, wishes } = laneWithRules();
  lane.offer([rule("a"), rule("b"), rule("c"), rule("d")]);
  await end("a", "more");
  expect([wishes(), ids()]).toEqual([1, ["b", "c", "d"]]);
  lane.offer([rule("e")]);
  const stopped = lane.stop();
  for (const id of ["b", "c", "d"]) await end(id, "done");
  await stopped;
  expect(ids()).toEqual([]);
});
