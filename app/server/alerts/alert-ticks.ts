import cron from "node-cron";
import type { Clock } from "#app/server/system/clock.ts";

const CRON_INTERVAL_MS = 60_000;

export interface TickOptions {
  intervalMs: number;
  /** A window is evaluated this long after its end, so that is when the clock ticks. */
  offsetMs: number;
  clock: Clock;
}

/** startTicks calls `tick` whenever another window can be evaluated, until the returned function is called. */
export function startTicks(options: TickOptions, tick: () => void): () => Promise<void> {
  return options.intervalMs === CRON_INTERVAL_MS ? startCron(options.offsetMs, tick) : startTimer(options, tick);
}

function startCron(offsetMs: number, tick: () => void): () => Promise<void> {
  const second = Math.ceil(offsetMs / 1000) % 60;
  const task = cron.schedule(`${second} * * * * *`, tick, { timezone: "Etc/UTC", suppressMissedWarning: true });
  return async () => {
    await task.destroy();
  };
}

/** Cron knows minutes and seconds; other intervals count from 1970 as the windows do. */
function startTimer({ intervalMs, offsetMs, clock }: TickOptions, tick: () => void): () => Promise<void> {
  const stopping = new AbortController();
  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const sinceMs = (clock.nowMs() - offsetMs) % intervalMs;
      await clock.sleep(intervalMs - sinceMs, stopping.signal).catch(() => undefined);
      if (!stopping.signal.aborted) tick();
    }
  }
  const running = run();
  return async () => {
    stopping.abort(new Error("the ticks stop"));
    await running;
  };
}
