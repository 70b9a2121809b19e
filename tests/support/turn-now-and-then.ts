import { setImmediate as nextTurn } from "node:timers/promises";

const EVERY = 500;

/** turnNowAndThen lets a long loop that waits for nothing answer vitest, which gives a test up that is silent for a minute. */
export async function turnNowAndThen(number: number): Promise<void> {
  if (number % EVERY === 0) await nextTurn();
}
