import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openFileSystemObjectStore } from "#app/server/o3/file-system-object-store.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { probeStore } from "#app/server/o3/probe-store.ts";
import type { ProbeCheck, ProbeResult } from "#app/server/o3/probe-store.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { nodeFileSystem } from "#app/server/system/node-file-system.ts";
import { startS3FaultProxy } from "#tests/support/s3-fault-proxy.ts";
import { startS3Server } from "#tests/support/s3-server.ts";
import type { S3Server } from "#tests/support/s3-server.ts";
import { startStrictS3Server } from "#tests/support/s3-strict-server.ts";

const CHECKS: ProbeCheck[] = [
  "put",
  "head",
  "metadata",
  "get",
  "range",
  "list",
  "overwrite",
  "versions",
  "wrong-payload-hash",
  "delete",
];

async function probeS3(server: S3Server): Promise<ProbeResult[]> {
  const store = openS3ObjectStore({ ...server, requestTimeoutMs: 2_000 });
  const results = await probeStore(store, {
    runId: "run1",
    nowMs: () => performance.now(),
    countVersions: (key) => store.countVersions(key),
    answersRanges: (key) => store.answersRanges(key),
  });
  await store.close();
  return results;
}

const failing = (results: ProbeResult[]) => results.filter(({ ok }) => !ok).map(({ check }) => check);
const detailOf = (results: ProbeResult[], check: ProbeCheck) =>
  results.find((result) => result.check === check)?.detail;

async function remaining(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  return keys;
}

describe("probeStore", () => {
  it("finds everything in the file-system store and leaves nothing there", async () => {
    const root = await mkdtemp(path.join(tmpdir(), "akavelog-probe-"));
    const store = await openFileSystemObjectStore({ root, fileSystem: nodeFileSystem });
    const results = await probeStore(store, { runId: "run1", nowMs: () => performance.now() });
    expect(results.map(({ check }) => check)).toEqual(CHECKS);
    expect(failing(results)).toEqual([]);
    expect(await remaining(store)).toEqual([]);
    await rm(root, { recursive: true });
  });

  it("finds a strict, versioned store to refuse wrong hashes, and removes every version", async () => {
    const server = await startStrictS3Server();
    const results = await probeS3(server);
    expect(failing(results)).toEqual([]);
    expect(detailOf(results, "versions")).toMatch(/^2 versions kept/);
    expect(server.keys()).toEqual([]);
    await server.close();
  });

  it("finds out that s3rver lists no versions and stores what has a wrong hash", async () => {
    const server = await startS3Server();
    const results = await probeS3(server);
    expect(failing(results)).toEqual(["versions", "wrong-payload-hash"]);
    const store = openS3ObjectStore(server);
    expect(await remaining(store)).toEqual([]);
    await store.close();
    await server.close();
  });

  it("finds out that a store ignores ranges, although reading one works", async () => {
    const server = await startStrictS3Server({ ignoresRanges: true });
    const results = await probeS3(server);
    expect(failing(results)).toEqual(["range"]);
    expect(detailOf(results, "range")).toMatch(/whole objects are fetched/);
    await server.close();
  });

  it("does not take a busy store for one that refuses wrong hashes", async () => {
    const server = await startStrictS3Server();
    const proxy = await startS3FaultProxy(server.endpoint, ({ method, path: requestPath }) =>
      method === "PUT" && requestPath.includes("wrong-hash") ? "status-503" : "pass",
    );
    const results = await probeS3({ ...server, endpoint: proxy.endpoint });
    expect(failing(results)).toEqual(["wrong-payload-hash"]);
    await proxy.close();
    await server.close();
  });

  it("reports every check of a store that is away, with the reason", async () => {
    const server = await startStrictS3Server();
    await server.close();
    const results = await probeS3(server);
    expect(failing(results)).toEqual(CHECKS);
    for (const { detail } of results) expect(detail).toContain("ECONNREFUSED");
  });
});
