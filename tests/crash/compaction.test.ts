import { readdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { until } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { COMPACT_AT_ONCE, untilCompacted } from "#tests/support/compaction.ts";
import { seededRandom, seedOf } from "#tests/support/seeded-random.ts";

/** `CRASH_KILLS=100 npm run test:crash` on the day; `CRASH_SEED` repeats a run's plan. */
const KILLS = Number(process.env["CRASH_KILLS"] ?? 20);
const SEED = seedOf("CRASH_SEED");
const OBJECTS_PER_ROUND = 4;
const LINES_PER_OBJECT = 25;
/** A step takes most of a second: its processes have to start. */
const LONGEST_LIFE_MS = 1_500;

let server: ApiServer | null = null;

afterEach(async () => {
  await server?.close();
  server = null;
});

it(
  `after ${KILLS} kills in the middle of compaction (seed ${SEED}) every line is there once and no object is left over`,
  { timeout: 120_000 + KILLS * 15_000 },
  async ({ annotate }) => {
    const random = seededRandom(SEED);
    const running = (server = await startApiServer({
      env: { BATCH_MAX_ENTRIES: String(LINES_PER_OBJECT), ...COMPACT_AT_ONCE },
    }));
    const { sql } = running.database;
    const project = await running.api.createProject("compaction");
    const sent: string[] = [];
    let unfinished = 0;
    const isUnfinished = async () => {
      const [left] = await sql<{ count: string }[]>`
        select count(*) from log_batches where state in ('building', 'superseded') and tier in (0, 1)`;
      return Number(left?.count) > 0;
    };
    for (let kill = 0; kill < KILLS; kill++) {
      const messages = Array.from({ length: OBJECTS_PER_ROUND * LINES_PER_OBJECT }, (_, i) => `line ${kill} ${i}`);
      const lines = messages.map((message, i) => {
        return JSON.stringify({ timestamp: `2026-01-02T03:04:${10 + (i % 50)}Z`, message, service: `s${i % 3}` });
      });
      await running.api.commit(project.key, lines.join("\n"));
      sent.push(...messages);
      // Every other kill waits until a step has begun, since how long one takes is the machine's business.
      if (kill % 2 === 0) await sleep(random() * LONGEST_LIFE_MS);
      else
        for (const endMs = Date.now() + LONGEST_LIFE_MS; !(await isUnfinished()) && Date.now() < endMs;) await sleep(2);
      await running.process().kill9();
      if (await isUnfinished()) unfinished++;
      await running.restart({ how: "kill9" });
    }
    await running.restart({ env: { RETENTION_INTERVAL_MS: "100", SWEEP_INTERVAL_MS: "100" } });
    await untilCompacted(running, project.id);

    const { entries, end } = await running.api.queryAll(project.key);
    expect(end.complete).toBe(true);
    expect(entries.map(({ message }) => message).sort()).toEqual(sent.sort());
    const keys = [...new Set(entries.map(({ ref }) => ref.key))];
    expect(keys.every((key) => key?.endsWith(".parquet"))).toBe(true);
    const root = path.join(running.dataDirectory, "objects");
    await until("the sweep has taken what is left over", async () => {
      const objects = (await readdir(root, { recursive: true })).filter((name) => /\.(zst|parquet)$/.test(name));
      return objects.length === keys.length;
    });
    // Kills that all came before or after a step would prove little.
    await annotate(JSON.stringify({ kills: KILLS, unfinished }));
    expect(unfinished).toBeGreaterThan(0);
  },
);
