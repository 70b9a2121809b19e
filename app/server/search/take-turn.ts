interface Waiting {
  signal: AbortSignal;
  begin: () => void;
}

const waiting: Waiting[] = [];

/**
 * takeTurn waits until it is the caller's turn to look through some lines. There is one turn for each round of the event
 * loop, so that requests which came in meanwhile wait for one piece of work, however many queries have one to do. Turns go
 * round in the order in which they were asked for. Throws what the signal was aborted with.
 */
export async function takeTurn(signal: AbortSignal): Promise<void> {
  await new Promise<void>((begin) => {
    waiting.push({ signal, begin });
    if (waiting.length === 1) setImmediate(giveTurn);
  });
  signal.throwIfAborted();
}

/** Those who have no work any more only hear of it: a thousand who hung up do not take a thousand rounds. */
function giveTurn(): void {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    next.begin();
    if (!next.signal.aborted) break;
  }
  if (waiting.length > 0) setImmediate(giveTurn);
}
