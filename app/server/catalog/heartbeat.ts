import type { IdempotencyCatalog } from "#app/server/ingest/idempotency-catalog.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

const HEARTBEAT_INTERVAL_MS = 5_000;
const EXPIRE_EVERY_BEATS = 720;

/** startHeartbeat tells other processes that this one is alive, until the returned function is called. */
export function startHeartbeat(
  idempotency: IdempotencyCatalog,
  walId: string,
  clock: Clock,
  logger: Logger,
): () => Promise<void> {
  const stopping = new AbortController();
  async function beat(): Promise<void> {
    for (let beats = 0; !stopping.signal.aborted; beats++) {
      try {
        await idempotency.heartbeat(walId);
        if (beats % EXPIRE_EVERY_BEATS === 0) await idempotency.expire();
      } catch (error) {
        // Away for longer than the timeout, the process counts as dead for keys that others ask for, which is meant.
        logger.warn({ err: error }, "cannot tell the database that this process is alive");
      }
      await clock.sleep(HEARTBEAT_INTERVAL_MS, stopping.signal).catch(() => undefined);
    }
  }
  const beating = beat();
  return async () => {
    stopping.abort(new Error("the heartbeat stops"));
    await beating;
  };
}
