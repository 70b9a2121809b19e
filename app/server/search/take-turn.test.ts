import { setImmediate as nextRound } from "node:timers/promises";
import { expect, test } from "vitest";
import { takeTurn } from "#app/server/search/take-turn.ts";

test("of many that have work to do one does a piece of it in each round of the event loop, all of them in turns", async () => {
  const done: number[] = [];
  const { signal } = new AbortController();
  async function work(worker: number): Promise<void> {
    for (let piece = 0; piece < 3; piece++) {
      await takeTurn(signal);
      done.push(worker);
    }
  }
  const all = Promise.all([0, 1, 2, 3].map(work));
  for (let before = 0; before < 12; before = done.length) {
    await nextRound();
    expect(done.length - before).toBeLessThanOrEqual(1);
  }
  await all;
  expect(done).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
});

test("those who hung up take no turn from the others", async () => {
  const gone = new AbortController();
  const refused = Array.from({ length: 1_000 }, () =>
    takeTurn(gone.signal).then(
      () => "worked",
      () => "refused",
    ),
  );
  let isDone = false;
  const other = takeTurn(new AbortController().signal).then(() => (isDone = true));
  gone.abort();
  await nextRound();
  await nextRound();
  expect(isDone).toBe(true);
  expect(new Set(await Promise.all(refused))).toEqual(new Set(["refused"]));
  await other;
});
