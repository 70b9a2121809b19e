import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { alertClient } from "#tests/support/alert-client.ts";
import { ADMIN_TOKEN, API_ENV, apiClient, until } from "#tests/support/api-client.ts";
import { ALERT_CRASH_POINTS } from "#tests/support/crash-points.ts";
import { openCrashSite, type CrashSite } from "#tests/support/crash-process.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import { startWebhookReceiver, type WebhookReceiver } from "#tests/support/webhook-receiver.ts";

/** `ALERT_KILLS=100 npx vitest run --project crash tests/crash/alerts.test.ts` on the day. */
const KILLS = Number(process.env["ALERT_KILLS"] ?? 20);
/** One in each life that is killed, and one in the last. */
const BURSTS = KILLS + 1;
const INTERVAL_MS = 500;
const MAX_ROUND_MS = 5_000;

let site: CrashSite | null = null;
let database: TestDatabase | null = null;
let receiver: WebhookReceiver | null = null;

afterEach(async () => {
  await site?.remove();
  await database?.drop();
  await receiver?.close();
});

/** Every point in turn, and of each the first passing, then the second, then the first again. */
function planOf(round: number): string {
  const point = ALERT_CRASH_POINTS[round % ALERT_CRASH_POINTS.length];
  return `${point}:${1 + (Math.floor(round / ALERT_CRASH_POINTS.length) % 2)}`;
}

function burst(round: number): string {
  const line = JSON.stringify({ service: `burst-${round}`, level: "error", message: "m" });
  return `${line}\n${line}\n${line}`;
}

test(
  `${KILLS} kills between a window and its notification: no alert is missed, none is recorded twice, repeats have the same id`,
  { timeout: 60_000 + KILLS * 12_000 },
  async ({ annotate }) => {
    database = await openTestDatabase();
    receiver = await startWebhookReceiver();
    site = await openCrashSite(await mkdtemp(path.join(tmpdir(), "akavelog-alerts-crash-")));
    const { url } = site;
    const api = apiClient(() => ({ url }));
    const env = {
      ...API_ENV,
      AKAVELOG_ADMIN_TOKEN: ADMIN_TOKEN,
      DATABASE_URL: database.url,
      SESSION_SECRET: randomBytes(32).toString("hex"),
      ALERT_INTERVAL_MS: String(INTERVAL_MS),
      ALERT_OFFSET_MS: "0",
      BATCH_MAX_AGE_MS: "200",
      WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
    };
    const first = site.start(env);
    await first.ready(60_000);
    const project = await api.createProject("crashing");
    const alerts = alertClient(api, project.key);
    const { id: ruleId } = await alerts.create({
      name: "bursts",
      query: "level:error",
      window: "1s",
      condition: { op: ">=", value: 3 },
      groupBy: "service",
      notify: [{ type: "webhook", url: `${receiver.url}/hook` }],
    });
    first.child.kill("SIGTERM");
    await first.ended;

    const killedAt = new Map<string, number>();
    for (let round = 0; round < KILLS; round++) {
      const plan = planOf(round);
      const life = site.start({ ...env, CRASH_POINT: plan, CRASH_ARMED: "later" });
      expect(await life.ready(60_000)).not.toBeNull();
      expect((await api.ingest(project.key, burst(round))).status).toBe(202);
      life.child.kill("SIGUSR2");
      const ended = await Promise.race([life.ended, sleep(MAX_ROUND_MS).then(() => "not yet")]);
      const where = ended === "SIGKILL" ? (plan.split(":")[0] ?? "") : "outside";
      killedAt.set(where, (killedAt.get(where) ?? 0) + 1);
      life.child.kill("SIGKILL");
      await life.ended;
    }

    // One that dies between the last entry of an earlier WAL and the end of it must not leave others waiting for that WAL.
    const draining = site.start({ ...env, CRASH_POINT: "before ledger trim:1" });
    expect(await draining.ended).toBe("SIGKILL");

    const last = site.start(env);
    await last.ready(60_000);
    expect((await api.ingest(project.key, burst(KILLS))).status).toBe(202);
    await until(
      "everything is settled",
      async () => {
        const { groups, deliveries } = await alerts.get(ruleId);
        return (
          groups.length === BURSTS &&
          groups.every(({ status }) => status === "ok") &&
          deliveries.every(({ state }) => state === "delivered")
        );
      },
      40_000,
    );
    const events = await alerts.events(ruleId);
    for (let round = 0; round < BURSTS; round++) {
      const group = `burst-${round}`;
      const own = events.filter((event) => event.group === group);
      expect([group, own.map(({ type, value }) => [type, value])]).toEqual([
        group,
        [
          ["firing", 3],
          ["resolved", 0],
        ],
      ]);
      for (const type of ["alert.firing", "alert.resolved"]) {
        const told = receiver.all.filter(({ body }) => body.group === group && body.type === type);
        expect([group, type, new Set(told.map(({ headers }) => headers["webhook-id"])).size]).toEqual([group, type, 1]);
        expect(new Set(told.map(({ text }) => text.replace(/"sample":.*"url"/s, ""))).size).toBe(1);
      }
    }
    await expectEveryWindowOnce(database, ruleId);
    last.child.kill("SIGTERM");
    expect(await last.ended).toBe("0");
    const repeats = receiver.all.length - 2 * BURSTS;
    await annotate(JSON.stringify({ kills: Object.fromEntries(killedAt), repeats }));
    // Of those that died between sending and writing it down, each was sent again.
    expect(repeats).toBeGreaterThanOrEqual(killedAt.get("after send") ?? 0);
    expect(killedAt.get("outside") ?? 0).toBeLessThanOrEqual(KILLS / 5);
  },
);

/** From the first that saw a group on, none is missing; that none counts twice is what the table's key is for. */
async function expectEveryWindowOnce({ sql }: TestDatabase, ruleId: string): Promise<void> {
  const rows = await sql`
    select group_key, count(*) as windows, (max(window_end) - min(window_end)) / ${INTERVAL_MS} + 1 as expected
    from alert_evaluations where rule_id = ${ruleId} group by group_key`;
  expect(rows.length).toBe(BURSTS);
  expect(rows.filter(({ windows, expected }) => windows !== expected)).toEqual([]);
}
