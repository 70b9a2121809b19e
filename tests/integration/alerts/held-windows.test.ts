import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alertRuleSchema } from "#app/core/alert-rule.ts";
import { createAlertRule } from "#app/server/alerts/alert-rules.ts";
import { AlertWorker } from "#app/server/alerts/alert-worker.ts";
import { TargetSecrets } from "#app/server/alerts/target-secrets.ts";
import { createPostgresCountCatalog } from "#app/server/catalog/count-minutes.ts";
import { createPostgresBatchCatalog } from "#app/server/catalog/postgres-batch-catalog.ts";
import { createProject } from "#app/server/catalog/projects.ts";
import { LocalBatches } from "#app/server/ingest/local-batches.ts";
import type { CountOptions } from "#app/server/search/count-matches.ts";
import { systemClock } from "#app/server/system/clock.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";

const WAL_ID = "018f0000-0000-7000-8000-000000000000";
const INTERVAL_MS = 200;

let db: TestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.drop());

/** A worker of a process that holds nothing, and whose own entries can be searched up to then. */
function openWorker(searchableThroughMs: (nowMs: number) => number): AlertWorker {
  const logger = pino({ level: "silent" });
  // There are no objects, so nothing that reads them is asked.
  const search = {
    catalog: createPostgresBatchCatalog(db.database),
    counts: createPostgresCountCatalog(db.database),
    local: new LocalBatches(),
    scanner: { query: () => ({}) },
    clock: systemClock,
    logger,
    maxQueryMs: 10_000,
  } as unknown as CountOptions;
  return new AlertWorker({
    database: db.database,
    walId: WAL_ID,
    walIds: () => [WAL_ID],
    committedThroughMs: (nowMs) => nowMs,
    searchableThroughMs,
    search,
    clock: systemClock,
    logger,
    intervalMs: INTERVAL_MS,
    offsetMs: 0,
    maxQueryMs: 10_000,
    onNotified: () => undefined,
  });
}

async function evaluations(): Promise<{ endMs: number; isPartial: boolean }[]> {
  const rows = await db.sql`select window_end, is_partial from alert_evaluations order by window_end`;
  return rows.map((row) => ({ endMs: Number(row["window_end"]), isPartial: row["is_partial"] as boolean }));
}

test("entries of this process that wait with their Idempotency-Key hold its own windows back, and no others", async () => {
  const { id: projectId } = await createProject(db.database, { name: "held", retentionDays: 30 });
  const context = {
    database: db.database,
    secrets: new TargetSecrets("a session secret of this test"),
    allowedCidrs: [],
    canMail: false,
    intervalMs: INTERVAL_MS,
    nowMs: Date.now(),
  };
  const wanted = { name: "errors", query: "level:error", window: "1s", condition: { op: ">", value: 5 } };
  await createAlertRule(context, projectId, alertRuleSchema.parse(wanted));
  // Somewhat later than the rule, so that windows before it are due as well.
  const waitingSinceMs = Date.now() + 2 * INTERVAL_MS;
  let isWaiting = true;
  const worker = openWorker((nowMs) => (isWaiting ? Math.min(waitingSinceMs, nowMs) : nowMs));
  await worker.start();
  try {
    await expect.poll(() => worker.figures.lagMs, { timeout: 20_000 }).toBeGreaterThan(5 * INTERVAL_MS);
    const before = await evaluations();
    expect(before.length).toBeGreaterThan(0);
    expect(before.filter(({ endMs }) => endMs > waitingSinceMs)).toEqual([]);
    isWaiting = false;
    const heldMs = Date.now();
    await expect.poll(async () => (await evaluations()).at(-1)?.endMs, { timeout: 20_000 }).toBeGreaterThan(heldMs);
    expect((await evaluations()).filter(({ isPartial }) => isPartial)).toEqual([]);
  } finally {
    await worker.stop();
  }
});
