import { until } from "#tests/support/api-client.ts";
import type { ApiServer } from "#tests/support/api-server.ts";

/** Compaction that begins at once, joins whatever it finds, and keeps nothing of what it replaced. */
export const COMPACT_AT_ONCE = { COMPACT_INTERVAL_MS: "100", COMPACT_MIN_AGE_MS: "0", COMPACT_GRACE_MS: "0" };
/** Compaction that never begins. */
export const COMPACT_NEVER = { COMPACT_INTERVAL_MS: "86400000" };

/** untilCompacted waits until nothing of tier 0 is left of a project, and what was replaced is gone. */
export async function untilCompacted({ database }: ApiServer, projectId: string, timeoutMs = 120_000): Promise<void> {
  await until(
    "everything is compacted",
    async () => {
      const [left] = await database.sql<{ count: string }[]>`
        select count(*) from log_batches where project_id = ${projectId} and (tier = 0 or state <> 'stored')`;
      return left?.count === "0";
    },
    timeoutMs,
  );
}
