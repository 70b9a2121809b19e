import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { alertClient, type AlertClient } from "#tests/support/alert-client.ts";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";

const INTERVAL_MS = 1_000;
const MIN = 60_000;

let server: ApiServer;
let project: TestProject;
let alerts: AlertClient;

beforeAll(async () => {
  server = await startApiServer({
    env: { ALERT_INTERVAL_MS: String(INTERVAL_MS), ALERT_OFFSET_MS: "3000", ALERT_QUERY_MAX_MS: "300" },
  });
  project = await server.api.createProject("missed");
  alerts = alertClient(server.api, project.key);
});

afterAll(() => server.close());

function lines(service: string, ms: number, count: number, message = "m"): string {
  const line = JSON.stringify({ service, timestamp: new Date(ms).toISOString(), message });
  return Array.from({ length: count }, () => line).join("\n");
}

test("a line that comes late and within the offset is counted", async () => {
  const { id } = await alerts.create({
    name: "late",
    query: "service:late",
    window: "1s",
    condition: { op: ">", value: 0 },
  });
  await sleep(INTERVAL_MS);
  // In the window before this one, which has ended and is not evaluated yet.
  const lateMs = Math.floor(Date.now() / INTERVAL_MS) * INTERVAL_MS - 500;
  await server.api.ingest(project.key, lines("late", lateMs, 2));
  await until("it fires", async () => (await alerts.events(id)).length > 0);
  const [event] = await alerts.events(id);
  expect(event).toMatchObject({ type: "firing", value: 2, partial: false });
  expect(Date.parse(event?.window.to ?? "")).toBe(lateMs + 500);
});

test("after five minutes of downtime every missed window is made up, in order", async () => {
  const { id } = await alerts.create({
    name: "down",
    query: "service:down",
    window: "1s",
    condition: { op: ">=", value: 3 },
  });
  const absence = await alerts.create({ name: "silent", query: "service:down", kind: "absence", window: "10s" });
  const nowMs = Math.floor(Date.now() / INTERVAL_MS) * INTERVAL_MS;
  const bursts = [4 * MIN, 2 * MIN, MIN].map((agoMs) => nowMs - agoMs);
  for (const ms of bursts) await server.api.commit(project.key, lines("down", ms + 100, 3));
  await server.process().stop();
  // As if that had been five minutes ago: what the last process wrote down is all that tells.
  const { sql } = server.database;
  await sql`update alert_rules set evaluated_to = evaluated_to - ${5 * MIN} where id in (${id}, ${absence.id})`;
  await sql`update alert_watch set seen_at = seen_at - interval '5 minutes 30 seconds'`;
  await sql`delete from alert_evaluations where rule_id in (${id}, ${absence.id})`;
  const [before] = await sql`select evaluated_to from alert_rules where id = ${id}`;
  await server.restart();
  const restartedMs = Date.now();

  await until("it has caught up", async () => {
    return Date.parse((await alerts.get(id)).evaluatedTo) >= nowMs + INTERVAL_MS;
  });
  const events = await alerts.events(id);
  expect(events.map(({ type, window }) => [type, Date.parse(window.to)])).toEqual(
    bursts.flatMap((ms) => [
      ["firing", ms + INTERVAL_MS],
      ["resolved", ms + 2 * INTERVAL_MS],
    ]),
  );
  const rows = await sql`select window_end from alert_evaluations where rule_id = ${id} order by window_end`;
  const ends = rows.map((row) => Number(row["window_end"]));
  expect(ends[0]).toBe(Number(before?.["evaluated_to"]) + INTERVAL_MS);
  expect(ends).toEqual(ends.map((_, n) => (ends[0] ?? 0) + n * INTERVAL_MS));
  expect(ends.length).toBeGreaterThanOrEqual(300);

  // Nobody was there to take lines, so that none came says nothing; now that somebody is, it does.
  await until("the silence is told", async () => (await alerts.events(absence.id)).length > 0, 20_000);
  const [silence] = await alerts.events(absence.id);
  expect(silence).toMatchObject({ type: "firing", value: 0 });
  expect(Date.parse(silence?.window.to ?? "")).toBeGreaterThan(restartedMs);
});

test("a rule over more than its budget says so, and delays nobody", async () => {
  const hostile = `${"a".repeat(2_000)}!`;
  for (let i = 0; i < 30; i++) await server.api.ingest(project.key, lines("heavy", Date.now(), 1_000, hostile + i));
  const slow = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      alerts.create({
        name: `slow ${i}`,
        query: "message:/(a|aa|a?)*b/",
        window: "1h",
        condition: { op: ">", value: 0 },
      }),
    ),
  );
  // One that is tried again with less work may make it, so what each said is kept.
  const said = new Map<string, string>();
  await until("a slow one has failed", async () => {
    for (const { id, status, failure } of await Promise.all(slow.map((rule) => alerts.get(rule.id)))) {
      if (failure !== null) said.set(id, `${status}: ${failure}`);
    }
    return said.size > 0;
  });
  expect([...new Set(said.values())]).toEqual([expect.stringMatching(/^failing: takes too long/)]);
  const quick = await alerts.create({
    name: "quick",
    query: "service:quick",
    window: "1s",
    condition: { op: ">", value: 0 },
  });
  const searching = await alerts.create({
    name: "words",
    query: "quick",
    window: "1s",
    condition: { op: ">", value: 0 },
  });
  const startedMs = Date.now();
  await server.api.ingest(project.key, lines("quick", startedMs, 1, "quick"));
  await until("the quick ones fire", async () => {
    const events = await Promise.all([quick, searching].map(({ id }) => alerts.events(id)));
    return events.every((all) => all.length > 0);
  });
});
