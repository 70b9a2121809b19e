import { readdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { until } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { seededRandom, seedOf } from "#tests/support/seeded-random.ts";

/** `CRASH_KILLS=100 npm run test:crash` on the day; `CRASH_SEED` repeats a run's plan. */
const KILLS = Math.ceil(Number(process.env["CRASH_KILLS"] ?? 20) / 2);
const SEED = seedOf("CRASH_SEED");
const OBJECTS_PER_ROUND = 25;
const LINES_PER_OBJECT = 10;
const LONGEST_LIFE_MS = 250;
/** Retention may not work between two rounds, or every object would be gone before the kill. */
const ASLEEP = { RETENTION_INTERVAL_MS: "3600000" };
const AWAKE = { RETENTION_INTERVAL_MS: "1", COMPACT_GRACE_MS: "0", SWEEP_INTERVAL_MS: "100" };

let server: ApiServer | null = null;

afterEach(async () => {
  await server?.close();
  server = null;
});

it(
  `after ${KILLS} kills in the middle of expiry (seed ${SEED}) what expired is gone and nothing else`,
  { timeout: 60_000 + KILLS * 15_000 },
  async () => {
    const random = seededRandom(SEED);
    const running = (server = await startApiServer({
      env: { BATCH_MAX_ENTRIES: String(LINES_PER_OBJECT), ...ASLEEP },
    }));
    const { sql } = running.database;
    const project = await running.api.createProject("expiry");
    const total = (KILLS + 1) * OBJECTS_PER_ROUND * LINES_PER_OBJECT;
    const lines = Array.from({ length: total }, (_, i) =>
      JSON.stringify({ timestamp: "2026-01-02T03:04:05Z", message: `line ${i}` }),
    );
    for (let from = 0; from < total; from += 1_000)
      await running.api.commit(project.key, lines.slice(from, from + 1_000).join("\n"));

    let halfDone = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await sql`
      update log_batches set received_at = now() - interval '31 days'
      where id in (select id from log_batches where state = 'stored' and received_at > now() - interval '1 day'
        order by random() limit ${OBJECTS_PER_ROUND})`;
      await running.restart({ how: "kill9", env: AWAKE });
      await sleep(random() * LONGEST_LIFE_MS);
      await running.process().kill9();
      const [left] = await sql`
      select count(*) filter (where state = 'locked' or received_at < now() - interval '1 day') as waiting from log_batches`;
      if (Number(left?.["waiting"]) > 0) halfDone++;
    }
    await running.restart({ how: "kill9", env: AWAKE });
    // Lives that were too short to delete much leave most of it to the last.
    const isAllGone = async () => {
      const rows =
        await sql`select 1 from log_batches where state = 'locked' or received_at < now() - interval '1 day'`;
      return rows.length === 0;
    };
    await until("the rest has expired", isAllGone, 15_000 + KILLS * 1_000);
    // Of the objects whose row went, none may wait for the sweep; and it may not take any that has one.
    await sleep(500);
    const rows = await sql<{ key: string }[]>`select o3_object_key as key from log_batches order by 1`;
    expect(rows).toHaveLength(OBJECTS_PER_ROUND);
    const root = path.join(running.dataDirectory, "objects");
    const objects = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(".ndjson.zst"));
    expect(objects.sort()).toEqual(rows.map(({ key }) => key));
    const { entries, end } = await running.api.queryAll(project.key);
    expect([entries.length, new Set(entries.map(({ message }) => message)).size, end.complete]).toEqual([
      OBJECTS_PER_ROUND * LINES_PER_OBJECT,
      OBJECTS_PER_ROUND * LINES_PER_OBJECT,
      true,
    ]);
    expect(halfDone).toBeGreaterThan(0);
  },
);
