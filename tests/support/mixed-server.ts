import type { Predicate } from "#app/core/query/predicate.ts";
import { queryRequestSchema, toPredicate } from "#app/core/query-request.ts";
import type { Level } from "#app/core/level.ts";
import { until, type FoundEntry, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { nsOf } from "#tests/support/entry-multiset.ts";
import { matchesReference } from "#tests/support/reference-filter.ts";
import { startS3FaultProxy, type S3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { generateRecords, type SentRecord } from "#tests/support/sample-lines.ts";
import { startS3Server } from "#tests/support/s3-server.ts";

/** MixedServer holds the same lines stored, in the spool, and fresh, as a busy server does. */
export interface MixedServer {
  server: ApiServer;
  proxy: S3FaultProxy;
  project: TestProject;
  records: SentRecord[];
  /** All lines as the server gives them back, ascending. */
  all: FoundEntry[];
  firstMs: number;
  close(): Promise<void>;
}

const SPAN_MS = 5_400_000;

export async function startMixedServer(env: Record<string, string> = {}): Promise<MixedServer> {
  const firstMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 3_600_000;
  // In the last of the stored ones the services are too many to be counted by name.
  const records = generateRecords(3_000, { firstMs, spanMs: SPAN_MS }).map((record, i) =>
    i >= 800 && i < 1_100 && i % 3 === 0 ? { ...record, service: `s${i}` } : record,
  );
  for (const [i, record] of records.entries()) {
    if (i >= 500 && i < 740) record.service = `many-${i}`;
  }
  const store = await startS3Server();
  const proxy = await startS3FaultProxy(store.endpoint);
  const server = await startApiServer({
    store: { ...store, endpoint: proxy.endpoint },
    env: { BATCH_MAX_ENTRIES: "400", ...env },
  });
  const project = await server.api.createProject("mixed");
  const bodyOf = (from: number, to: number) =>
    records
      .slice(from, to)
      .map((record) => JSON.stringify(record))
      .join("\n");
  await server.api.commit(project.key, bodyOf(0, 400));
  await server.api.commit(project.key, bodyOf(400, 1_100));
  await server.api.commit(project.key, bodyOf(1_100, 1_150));
  await proxy.setAway(true);
  // Some batches of 400 that cannot leave the spool, and a rest that stays open.
  await server.api.ingest(project.key, bodyOf(1_150, 3_000));
  await until("all is found", async () => (await server.api.query(project.key, { limit: 1 })).end.complete);
  const { entries: all } = await server.api.queryAll(project.key, { order: "asc" });
  return {
    server,
    proxy,
    project,
    records,
    all,
    firstMs,
    async close() {
      await proxy.setAway(false);
      await server.close();
      await proxy.close();
      await store.close();
    },
  };
}

/** filterPlainly is the contract of a query's body in its simplest form. */
export function filterPlainly(all: FoundEntry[], body: Record<string, unknown>): FoundEntry[] {
  const predicate = predicateOf(body);
  const [fromNs, toNs] = [nsOfBound(body["from"]), nsOfBound(body["to"])];
  return all.filter((entry) => {
    const ns = nsOf(entry.timestamp);
    if (ns < fromNs || ns >= toNs) return false;
    const { service, level, message, tags } = entry;
    return matchesReference(predicate, { service, level: level as Level, message, tags: Object.entries(tags) });
  });
}

function predicateOf({ from: _from, to: _to, ...body }: Record<string, unknown>): Predicate {
  const predicate = toPredicate(queryRequestSchema.parse(body));
  if (predicate instanceof Error) throw predicate;
  return predicate;
}

function nsOfBound(bound: unknown): bigint {
  return typeof bound === "number" ? BigInt(bound) * 1_000_000n : nsOf(String(bound));
}
