import { setTimeout as sleep } from "node:timers/promises";
import { startBenchServer, type BenchServer } from "#bench/bench-server.ts";

export interface AlertsResult {
  rules: number;
  projects: number;
  lines: number;
  /** From the first statement of a tick to the last. */
  tickS: number;
  /** Windows of groups. */
  evaluations: number;
}

/** Half of the rules share the project that has the lines, the others have one each. */
const SHARE_OF_ONE_PROJECT = 0.5;
const CALLS_AT_ONCE = 8;
const TICK_TIMEOUT_MS = 150_000;
const LEVELS = ["info", "warn", "error"] as const;

/** benchAlerts lets a server with many rules over the counts of minutes tick once. */
export async function benchAlerts(bodies: readonly Uint8Array[], lines: number, rules: number): Promise<AlertsResult> {
  const server = await startBenchServer([], { ALERT_OFFSET_MS: "10000" });
  try {
    for (const body of bodies) await call(server, "/ingest", server.key, body);
    const ofOne = Math.round(rules * SHARE_OF_ONE_PROJECT);
    const keys = [...Array<string>(ofOne).fill(server.key), ...(await otherKeys(server, rules - ofOne))];
    await inTurns(keys, async (key, i) => {
      const rule = {
        name: `rule ${i}`,
        query: i % 2 === 0 ? `level:${LEVELS[i % 3]}` : `service:*${i % 10} level:>=warn`,
        window: ["1m", "5m", "15m", "1h"][i % 4],
        condition: { op: ">", value: 1_000_000 },
        groupBy: i % 5 === 0 ? "service" : null,
      };
      await call(server, "/alerts", key, JSON.stringify(rule));
    });
    const before = await figures(server);
    const deadlineMs = Date.now() + TICK_TIMEOUT_MS;
    for (;;) {
      await sleep(1_000);
      const now = await figures(server);
      const evaluations = now.evaluations - before.evaluations;
      if (evaluations >= rules) return { rules, projects: rules - ofOne + 1, lines, tickS: now.tickS, evaluations };
      if (Date.now() > deadlineMs) throw new Error(`only ${evaluations} windows were evaluated`);
    }
  } finally {
    await server.stop();
  }
}

async function otherKeys(server: BenchServer, count: number): Promise<string[]> {
  const keys: string[] = [];
  await inTurns(Array.from({ length: count }), async (_, i) => {
    const answer = await server.operator("POST", "/projects", { name: `bench ${i}` });
    keys.push(((await answer.json()) as { apiKey: { key: string } }).apiKey.key);
  });
  return keys;
}

async function inTurns<T>(items: readonly T[], work: (item: T, i: number) => Promise<void>): Promise<void> {
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker));
}

async function call(server: BenchServer, path: string, key: string, body: string | Uint8Array): Promise<void> {
  const answer = await fetch(server.url + path, {
    method: "POST",
    headers: { "x-api-key": key },
    body: body as BodyInit,
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
}

async function figures({ url }: BenchServer): Promise<{ tickS: number; evaluations: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1]);
  return { tickS: read("akavelog_alert_tick_seconds"), evaluations: read("akavelog_alert_evaluations_total") };
}
