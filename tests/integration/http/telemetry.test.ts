import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXPORT_HEADER } from "#app/server/telemetry/otlp-exporter.ts";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { freePort } from "#tests/support/server.ts";
import { startOtlpReceiver, type OtlpReceiver } from "#tests/support/otlp-receiver.ts";

const SECRET = "license-0123456789";
const SPANS = ["POST /ingest", "POST /query", "upload", "object store put", "query", "compaction step"];
const FIGURES = ["akavelog_accepted_entries_total", "akavelog_http_request_seconds", "process_resident_memory_bytes"];
const CONTENT = "what a user logs";
/** Servers are started again and again here, and a compaction's process is started too: a busy machine needs long for that. */
const LONG_MS = 120_000;
const PATIENCE_MS = 60_000;
let server: ApiServer;
let receiver: OtlpReceiver;
let directory: string;
let project: TestProject;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "akavelog-telemetry-"));
  receiver = await startOtlpReceiver();
  server = await startApiServer({
    env: {
      LOG_LEVEL: "info",
      BATCH_MAX_AGE_MS: "200",
      COMPACT_INTERVAL_MS: "300",
      COMPACT_MIN_AGE_MS: "0",
      NODE_OPTIONS: `--import ${pathToFileURL("tests/support/tell-modules.mjs").href}`,
      TELL_MODULES_FILE: path.join(directory, "modules"),
    },
  });
  project = await server.api.createProject("told");
});

afterAll(async () => {
  await server.close();
  await receiver.close();
  await rm(directory, { recursive: true, force: true });
});

/** The files of OpenTelemetry that the server had loaded when it ended; the interface alone comes with prom-client. */
async function loadedBy(pid: number | undefined): Promise<string[]> {
  const files = await readFile(path.join(directory, `modules.${pid}`), "utf8");
  return files.split("\n").filter((file) => /@opentelemetry\/(?!api\/)/.test(file));
}

test("without an endpoint nothing of OpenTelemetry is loaded", { timeout: LONG_MS }, async () => {
  await server.api.commit(project.key, "{}");
  const { pid } = server.process().child;
  await server.restart({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_METRIC_EXPORT_INTERVAL: "500" } });
  expect(await loadedBy(pid)).toEqual([]);
});

test(
  "metrics, traces and logs go to the endpoint, with its headers, and without content or secrets",
  { timeout: LONG_MS },
  async () => {
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: `api-key=${SECRET}`, OTEL_SERVICE_NAME: "logs-of-mine" };
    await server.restart({ env: headers });
    const { pid } = server.process().child;
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    // Somebody's telemetry, perhaps its own: told of, each export would be the cause of the next.
    await server.api.call("/openapi.json", { headers: { [EXPORT_HEADER]: "1" } });
    for (let i = 0; i < 2; i++) {
      await server.api.call("/ingest?wait=commit", {
        method: "POST",
        key: project.key,
        body: JSON.stringify({ message: CONTENT }),
        headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
      });
    }
    await server.api.query(project.key, { keyword: CONTENT });

    const { received, textOf } = receiver;
    await until("spans of every kind", () => SPANS.every((name) => textOf("traces").includes(name)), PATIENCE_MS);
    expect(textOf("traces")).toContain(Buffer.from(traceId, "hex").toString("latin1"));
    await until("what the server logs", () => textOf("logs").includes("ready for logs"), PATIENCE_MS);
    await until(
      "the figures of /metrics",
      () => FIGURES.every((name) => textOf("metrics").includes(name)),
      PATIENCE_MS,
    );
    expect(textOf("traces")).not.toContain("/openapi.json");
    for (const signal of ["traces", "metrics", "logs"] as const) {
      expect(textOf(signal)).toContain("logs-of-mine");
      expect(received[signal].at(-1)?.headers).toMatchObject({ "api-key": SECRET, [EXPORT_HEADER]: "1" });
      for (const secret of [CONTENT, SECRET, project.key, server.env("SESSION_SECRET") ?? ""])
        expect(textOf(signal)).not.toContain(secret);
    }
    await server.restart();
    expect(await loadedBy(pid)).not.toEqual([]);
  },
);

test("one that sends its logs to itself finds them there, and they make no others", { timeout: LONG_MS }, async () => {
  const port = await freePort();
  const own = await server.api.createProject("own");
  await server.restart({
    port,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${own.key}`,
      OTEL_SERVICE_NAME: "itself",
      OTEL_BLRP_SCHEDULE_DELAY: "100",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_METRIC_EXPORT_INTERVAL: "200",
      // Each batch of its lines would be compacted here at once, and each step is worth a line.
      COMPACT_INTERVAL_MS: "3600000",
    },
  });
  const linesOf = async () => (await server.api.queryAll(own.key)).entries;
  await until(
    "it finds what it logged",
    async () => (await linesOf()).some(({ message }) => message === "ready for logs"),
    PATIENCE_MS,
  );
  const isCommitted = async () => (await linesOf()).every(({ ref }) => ref.key !== null);
  await until("its lines are committed", isCommitted, PATIENCE_MS);
  const lines = await linesOf();
  expect(new Set(lines.map(({ service }) => service))).toEqual(new Set(["itself"]));
  // Many times what an export, a batch and a commit take.
  await sleep(3_000);
  expect((await linesOf()).map(({ message }) => message)).toEqual(lines.map(({ message }) => message));
  // Traces and metrics it does not take; that stands in its output alone, or every export would be the cause of another.
  expect(server.process().output()).toContain("Not Found");
});
