import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { until } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";

interface Panel {
  title: string;
  targets?: { expr: string }[];
}
interface Rule {
  alert: string;
  expr: string;
}

const dashboard = JSON.parse(readFileSync("docs/operations/grafana-dashboard.json", "utf8")) as { panels: Panel[] };
const alerts = parse(readFileSync("docs/operations/prometheus-alerts.yml", "utf8")) as { groups: { rules: Rule[] }[] };
const described = readFileSync("docs/operations/metrics.md", "utf8");

const EXPRESSIONS: [where: string, expression: string][] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    // Grafana puts a duration there.
    targets.map(({ expr }): [string, string] => [title, expr.replaceAll("$__rate_interval", "5m")]),
  ),
  ...alerts.groups.flatMap(({ rules }) => rules.map(({ alert, expr }): [string, string] => [alert, expr])),
];

let server: ApiServer;
/** Names with their types, as the server says them. */
let types: Map<string, string>;
let text: string;

beforeAll(async () => {
  server = await startApiServer({ env: { CANARY_INTERVAL_MS: "200", BATCH_MAX_AGE_MS: "500" } });
  const { key } = await server.api.createProject("metrics");
  await server.api.commit(key, '{"message":"1"}\nno json');
  await server.api.query(key);
  await server.api.ingest("akl_unknown", "{}");
  await until("the canary found its lines", async () => /canary_written_total ([3-9]|\d\d)/.test(await scrape()));
  text = await scrape();
  types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]));
});

afterAll(() => server.close());

async function scrape(): Promise<string> {
  return await (await server.api.call("/metrics")).text();
}

function valueOf(series: string): number {
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

/** What histograms are made of. */
function baseOf(name: string): string {
  return types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
}

interface Selected {
  name: string;
  /** In `rate()` and the like. */
  isRange: boolean;
}

/** Every metric that an expression names, or why it is none. */
function readExpression(expression: string): Selected[] | string {
  const selected: Selected[] = [];
  let problem: string | null = null;
  parser.parse(expression).iterate({
    enter({ name, node, from, to }) {
      if (node.type.isError) problem = `cannot be read at ${from}: ${expression}`;
      if (name !== "VectorSelector") return;
      const identifier = expression.slice(from, to).replace(/\{.*$/s, "").trim();
      selected.push({ name: identifier, isRange: node.parent?.name === "MatrixSelector" });
    },
  });
  return problem ?? selected;
}

test("an expression that is none is noticed", () => {
  expect(readExpression("sum(rate(a[5m)")).toContain("cannot be read");
  expect(readExpression('rate(a_total{x="y"}[5m]) > b')).toEqual([
    { name: "a_total", isRange: true },
    { name: "b", isRange: false },
  ]);
});

describe("what the dashboard and the alert rules ask for", () => {
  test.each(EXPRESSIONS)("%s: %s", (_where, expression) => {
    const selected = readExpression(expression);
    if (typeof selected === "string") throw new Error(selected);
    for (const { name, isRange } of selected) {
      // Prometheus makes it itself.
      if (name === "up") continue;
      const type = types.get(baseOf(name));
      expect([name, type]).toEqual([name, expect.any(String)]);
      if (isRange) expect([name, type]).not.toEqual([name, "gauge"]);
      if (name.endsWith("_bucket")) expect([name, type]).toEqual([name, "histogram"]);
      if (type === "histogram") expect(name).toMatch(/_(bucket|sum|count)$/);
    }
  });
});

test("every metric of ours is described with its type, and none that is not there", () => {
  const rows = [...described.matchAll(/^\| `(akavelog_\w+)(?:\{[^`]*\})?` +\| (\w+) +\| +[^| ]/gm)].map((match) => [
    match[1],
    match[2],
  ]);
  const own = [...types].filter(([name]) => name.startsWith("akavelog_"));
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(own));
});

test("what the dashboard and the alert rules show of the runtime is described as well", () => {
  const named = EXPRESSIONS.flatMap(([, expression]) => {
    const selected = readExpression(expression);
    return typeof selected === "string" ? [] : selected.map(({ name }) => baseOf(name));
  });
  const ofRuntime = named.filter((name) => /^(process|nodejs)_/.test(name));
  expect(ofRuntime.length).toBeGreaterThan(0);
  expect(ofRuntime.filter((name) => !described.includes(`\`${name}\``))).toEqual([]);
});

test("every alert rule is described", () => {
  const names = alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  expect(names.filter((name) => !described.includes(`\`${name}\``))).toEqual([]);
});

test("figures tell of users' requests, batches and refusals, by project and reason", () => {
  expect(valueOf("akavelog_accepted_entries_total")).toBe(1);
  expect(valueOf("akavelog_rejected_records_total")).toBe(1);
  expect(valueOf('akavelog_refused_requests_total{reason="key_unknown"}')).toBe(1);
  expect(text).toMatch(/^akavelog_project_entries_total\{project="[0-9a-f-]{36}"\} 1$/m);
  expect(valueOf('akavelog_http_request_seconds_count{route="/query",status="2xx"}')).toBe(1);
  expect(valueOf('akavelog_store_request_seconds_count{operation="put",outcome="ok"}')).toBeGreaterThan(0);
  expect(valueOf("akavelog_batch_entries_count")).toBeGreaterThan(0);
  expect(valueOf("akavelog_wal_sync_seconds_count")).toBeGreaterThan(0);
});

describe("the canary", () => {
  test("finds each of its lines once, from memory and from objects", async () => {
    await until("lines are in objects", async () => (await server.database.sql`select 1 from log_batches`).length > 3);
    text = await scrape();
    expect(valueOf("akavelog_canary_written_total")).toBeGreaterThan(3);
    expect([valueOf("akavelog_canary_missed_total"), valueOf("akavelog_canary_doubled_total")]).toEqual([0, 0]);
    expect(valueOf("akavelog_canary_failures_total")).toBe(0);
  });

  test("has a project that nobody sees or gets a key for", async () => {
    const id = "00000000-0000-7000-8000-00000000ca4a";
    const listed = await (await server.api.operator("GET", "/projects")).text();
    expect(listed).toContain('"metrics"');
    expect(listed).not.toContain("canary");
    const answers = await Promise.all([
      server.api.operator("GET", `/projects/${id}`),
      server.api.operator("DELETE", `/projects/${id}`),
      server.api.operator("POST", `/projects/${id}/keys`, { name: "k", scopes: ["query"] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  test("says on the status page that all is well, and notices a line that is gone", async () => {
    const shown = async () => await (await server.api.call("/status", { headers: { accept: "text/html" } })).text();
    expect(await shown()).toMatch(/What was acknowledged is found.*Yes/s);
    await server.database.sql`
      delete from log_batches where id in (
        select id from log_batches where services = '{canary}' order by ts_start limit 1
      )`;
    await until("the line is missed", async () => /canary_missed_total [1-9]/.test(await scrape()));
    expect(await shown()).toMatch(/What was acknowledged is found.*No.*missed/s);
  });
});
