import { Client as ElasticsearchClient } from "@elastic/elasticsearch";
import { Client as OpenSearchClient } from "@opensearch-project/opensearch";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from "@opentelemetry/sdk-logs";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { pino } from "pino";
import pinoElasticsearch from "pino-elasticsearch";
import { pinoLoki } from "pino-loki";
import { Logger as SeqLogger } from "seq-logging";
import splunk from "splunk-logging";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import winston from "winston";
import GelfTransport from "winston-log2gelf";
import LokiTransport from "winston-loki";
import { until, type FoundEntry, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";

const COUNT = 20;
const numbers = Array.from({ length: COUNT }, (_, i) => i);

let server: ApiServer;
let url: string;

beforeAll(async () => {
  server = await startApiServer();
  ({ url } = server.process());
});

afterAll(() => server.close());

/** Every record is found once; they come back in the order in which they were sent. */
async function found(project: TestProject, count = COUNT): Promise<FoundEntry[]> {
  const all = async () => (await server.api.queryAll(project.key, { order: "asc" })).entries;
  await until(`${count} records are found`, async () => (await all()).length >= count);
  const entries = await all();
  expect(entries).toHaveLength(count);
  return entries.sort((a, b) => numberOf(a) - numberOf(b));
}

function numberOf({ message }: FoundEntry): number {
  return Number(/\d+$/.exec(message)?.[0]);
}

describe("OpenTelemetry's exporters", () => {
  const exporters: Record<string, (project: TestProject) => LogRecordExporter> = {
    protobuf: ({ key }) => new ProtobufExporter({ url: `${url}/v1/logs`, headers: { "x-api-key": key } }),
    JSON: ({ key }) => new JsonExporter({ url: `${url}/v1/logs`, headers: { authorization: `Bearer ${key}` } }),
    "protobuf with gzip": ({ key }) =>
      new ProtobufExporter({
        url: `${url}/v1/logs`,
        headers: { "x-api-key": key },
        compression: CompressionAlgorithm.GZIP,
      }),
  };

  test.each(Object.keys(exporters))("in %s", async (name) => {
    const project = await server.api.createProject(name);
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ "service.name": "checkout", "deployment.environment": "test" }),
      processors: [new BatchLogRecordProcessor({ exporter: (exporters[name] as (typeof exporters)[string])(project) })],
    });
    const logger = provider.getLogger("scope", "1.2");
    for (const i of numbers) {
      logger.emit({
        severityNumber: SeverityNumber.WARN2,
        severityText: "WARNING",
        body: `record ${i}`,
        attributes: { i, ok: true, ratio: 0.5, nested: { deep: ["a", 1] }, text: 'q"\n' },
      });
    }
    await provider.shutdown();
    for (const [i, entry] of (await found(project)).entries()) {
      expect(entry).toMatchObject({
        service: "checkout",
        level: "warn",
        levelOriginal: "WARNING",
        message: `record ${i}`,
      });
      expect(entry.tags).toEqual({
        "deployment.environment": "test",
        "otel.scope.name": "scope",
        "otel.scope.version": "1.2",
        i: String(i),
        ok: "true",
        ratio: "0.5",
        "nested.deep": '["a",1]',
        text: 'q"\n',
      });
    }
  });
});

test.each([
  ["JSON", true],
  ["protobuf", false],
])("winston-loki in %s", async (_, json) => {
  const project = await server.api.createProject("winston");
  const transport = new LokiTransport({
    host: url,
    basicAuth: `user:${project.key}`,
    json,
    labels: { app: "shop" },
    batching: false,
    format: winston.format.simple(),
  });
  const logger = winston.createLogger({ transports: [transport] });
  for (const i of numbers) logger.error(`record ${i}`);
  const entries = await found(project);
  for (const entry of entries) {
    expect(entry).toMatchObject({
      service: "shop",
      level: "error",
      message: expect.stringContaining("record") as string,
    });
  }
  logger.close();
});

test("pino-loki, whose line is the whole record", async () => {
  const project = await server.api.createProject("pino-loki");
  const stream = pinoLoki({
    host: url,
    headers: { "X-API-Key": project.key },
    labels: { app: "shop" },
    batching: { interval: 1 },
  });
  const logger = pino({ base: { pid: 7 } }, stream);
  for (const i of numbers) logger.warn({ orderId: i, user: { id: "u1" } }, `record ${i}`);
  for (const [i, entry] of (await found(project)).entries()) {
    expect(entry).toMatchObject({ service: "shop", level: "warn", message: `record ${i}` });
    expect(entry.tags).toMatchObject({ orderId: String(i), "user.id": "u1", pid: "7" });
  }
  stream.end();
});

test("pino-loki to a project that does not want lines opened, and to one that keeps them", async () => {
  for (const change of [{ openLines: false }, { keepRawLines: true }]) {
    const project = await server.api.createProject("switches");
    const patched = await server.api.operator("PATCH", `/projects/${project.id}`, change);
    expect(await patched.json()).toMatchObject({ project: change });
    const line = '{"level":50,"msg":"inner 0","orderId":7}';
    const body = JSON.stringify({ streams: [{ stream: { app: "s" }, values: [[`${Date.now()}000000`, line]] }] });
    const headers = { "content-type": "application/json" };
    const answer = await server.api.call("/loki/api/v1/push", { method: "POST", key: project.key, body, headers });
    expect(answer.status).toBe(204);
    const [entry] = await found(project, 1);
    if (change.openLines === false) expect(entry).toMatchObject({ level: "unknown", message: line, tags: {} });
    else expect(entry).toMatchObject({ level: "error", message: "inner 0", tags: { orderId: "7", raw: line } });
  }
});

const documents = numbers.map((i) => ({
  "@timestamp": new Date(Date.now() - COUNT + i).toISOString(),
  message: `record ${i}`,
  log: { level: "error" },
  service: { name: "shop" },
  trace: { id: "0af7651916cd43dd8448eb211c80319c" },
  i,
}));

function expectDocuments(entries: FoundEntry[]): void {
  for (const [i, entry] of entries.entries()) {
    expect(entry).toMatchObject({
      timestamp: documents[i]?.["@timestamp"],
      service: "shop",
      level: "error",
      message: `record ${i}`,
      tags: { i: String(i), trace_id: "0af7651916cd43dd8448eb211c80319c" },
    });
  }
}

test("the official Elasticsearch client", async () => {
  const project = await server.api.createProject("elasticsearch");
  const client = new ElasticsearchClient({ node: url, auth: { apiKey: project.key } });
  expect((await client.info()).tagline).toBe("You Know, for Search");
  const dropped: unknown[] = [];
  const result = await client.helpers.bulk({
    datasource: documents,
    onDocument: () => ({ create: { _index: "logs" } }),
    onDrop: (document) => dropped.push(document),
    refreshOnCompletion: true,
  });
  expect([result.successful, result.failed, dropped]).toEqual([COUNT, 0, []]);
  expectDocuments(await found(project));
  await client.close();
});

test("the Elasticsearch client puts a refused document aside and does not send it again", async () => {
  const project = await server.api.createProject("dropping");
  const client = new ElasticsearchClient({ node: url, auth: { username: "elastic", password: project.key } });
  const dropped: { status: number }[] = [];
  const result = await client.helpers.bulk({
    datasource: [documents[0], { "@timestamp": "2200-01-01T00:00:00Z", message: "record 1" }],
    onDocument: () => ({ index: { _index: "logs" } }),
    onDrop: ({ status }) => dropped.push({ status }),
  });
  expect([result.successful, result.retry, dropped]).toEqual([1, 0, [{ status: 400 }]]);
  await found(project, 1);
  await client.close();
});

test("OpenSearch's client", async () => {
  const project = await server.api.createProject("opensearch");
  const client = new OpenSearchClient({ node: url, auth: { username: "u", password: project.key } });
  const result = await client.helpers.bulk({
    datasource: documents,
    onDocument: () => ({ index: { _index: "logs" } }),
  });
  expect([result.successful, result.failed]).toEqual([COUNT, 0]);
  expectDocuments(await found(project));
  await client.close();
});

test("pino-elasticsearch", async () => {
  const project = await server.api.createProject("pino-elasticsearch");
  const stream = pinoElasticsearch({
    node: url,
    index: "pino",
    auth: { apiKey: project.key },
    esVersion: 8,
    flushBytes: 100,
  } as Parameters<typeof pinoElasticsearch>[0]);
  const logger = pino({ base: { hostname: "h1" } }, stream);
  for (const i of numbers) logger.info({ i }, `record ${i}`);
  const ended = new Promise((resolve) => stream.once("finish", resolve));
  stream.end();
  await ended;
  for (const [i, entry] of (await found(project)).entries()) {
    expect(entry).toMatchObject({
      service: "pino",
      level: "info",
      message: `record ${i}`,
      tags: { hostname: "h1", i: String(i) },
    });
  }
});

test("splunk-logging", async () => {
  const project = await server.api.createProject("splunk");
  const logger = new splunk.Logger({ token: project.key, url });
  const send = (i: number) =>
    new Promise<{ code: number }>((resolve, reject) => {
      logger.error = reject;
      logger.send(
        { message: `record ${i}`, severity: "warn", metadata: { host: "h1", source: "s", sourcetype: "shop" } },
        (error, _response, body) => (error ? reject(error) : resolve(body as { code: number })),
      );
    });
  for (const i of numbers) expect((await send(i)).code).toBe(0);
  for (const [i, entry] of (await found(project)).entries()) {
    expect(entry).toMatchObject({
      service: "shop",
      level: "warn",
      message: `record ${i}`,
      tags: { host: "h1", source: "s" },
    });
  }
});

test("seq-logging", async () => {
  const project = await server.api.createProject("seq");
  const errors: unknown[] = [];
  const logger = new SeqLogger({ serverUrl: url, apiKey: project.key, onError: (error) => errors.push(error) });
  for (const i of numbers) {
    logger.emit({
      timestamp: new Date(Date.now() - COUNT + i),
      level: "Warning",
      messageTemplate: "record {Number}",
      properties: { Number: i, Application: "shop" },
    });
  }
  await logger.close();
  expect(errors).toEqual([]);
  for (const [i, entry] of (await found(project)).entries()) {
    expect(entry).toMatchObject({ service: "shop", level: "warn", levelOriginal: "Warning", message: `record ${i}` });
    expect(entry.tags).toMatchObject({ Number: String(i), message_template: "record {Number}" });
  }
});

test("winston-log2gelf, whose warning is an alert in syslog's numbers", async () => {
  const project = await server.api.createProject("gelf");
  const { hostname, port } = new URL(url);
  const transport = new GelfTransport({
    protocol: "http",
    host: hostname,
    port: Number(port),
    hostname: "h1",
    service: "shop",
    protocolOptions: { headers: { "x-api-key": project.key } },
  });
  const logger = winston.createLogger({ transports: [transport] });
  for (const i of numbers) logger.warn(`record ${i}`, { part: i });
  for (const [i, entry] of (await found(project)).entries()) {
    expect(entry).toMatchObject({ service: "shop", level: "fatal", levelOriginal: "1", message: `record ${i}` });
    expect(entry.tags).toMatchObject({ host: "h1", part: String(i), environment: "development" });
  }
  logger.close();
});
