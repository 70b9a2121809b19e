import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { QueryBusyError, QuerySlots } from "#app/server/search/query-slots.ts";
import { systemClock } from "#app/server/system/clock.ts";

function slotsWith(options: { maxRunning: number; maxTotal: number; maxWaitMs?: number }) {
  const slots = new QuerySlots({ maxWaitMs: 60_000, clock: systemClock, ...options });
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (projectId: string, signal = new AbortController().signal) =>
    slots.run(projectId, signal, () => {
      started.push(projectId);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  async function endFirst(): Promise<void> {
    ends.shift()?.();
    await nextTurn();
  }
  return { slots, started, ask, endFirst };
}

test("a turn goes to the project with the fewest at work, however many others of one wait", async () => {
  const { slots, started, ask, endFirst } = slotsWith({ maxRunning: 4, maxTotal: 4 });
  const asked = [...Array.from({ length: 10 }, () => ask("noisy")), ask("quiet"), ask("third"), ask("quiet")];
  await nextTurn();
  expect(started).toEqual(["noisy", "noisy", "noisy", "noisy"]);
  expect([slots.running, slots.waiting]).toEqual([4, 9]);
  for (let i = 0; i < 4; i++) await endFirst();
  expect(started.slice(4)).toEqual(["quiet", "third", "noisy", "quiet"]);
  for (let i = 0; i < 20; i++) await endFirst();
  await Promise.all(asked);
  expect([slots.running, slots.waiting]).toEqual([0, 0]);
});

test("one project has no more than its own slots, also when others are free", async () => {
  const { started, ask, endFirst } = slotsWith({ maxRunning: 2, maxTotal: 10 });
  const asked = [ask("a"), ask("a"), ask("a")];
  await nextTurn();
  expect(started).toHaveLength(2);
  for (let i = 0; i < 3; i++) await endFirst();
  await Promise.all(asked);
});

test("who waits too long is told so, and who goes away frees the place", async () => {
  const { slots, started, ask, endFirst } = slotsWith({ maxRunning: 1, maxTotal: 1, maxWaitMs: 20 });
  const first = ask("a");
  await expect(ask("b")).rejects.toBeInstanceOf(QueryBusyError);
  const gone = new AbortController();
  const left = ask("b", gone.signal);
  gone.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  expect(slots.waiting).toBe(0);
  await endFirst();
  await first;
  expect(started).toEqual(["a"]);
});
