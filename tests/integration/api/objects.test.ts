import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FoundEntry, TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { differenceOf, expectedOf, multisetOf } from "#tests/support/entry-multiset.ts";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";
import { startStrictS3Server } from "#tests/support/s3-strict-server.ts";
import { parseLines, sampleBody, type SentRecord } from "#tests/support/sample-lines.ts";

const body = sampleBody();
const expected = multisetOf(parseLines<SentRecord>(body).map(expectedOf));

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    // It is not there, or not to be run.
    return false;
  }
}

describe.each([
  ["s3rver", () => startS3Server()],
  ["a strict S3 server", () => startStrictS3Server()],
])("with %s behind it", (_, startStore: () => Promise<S3Server>) => {
  let store: S3Server;
  let server: ApiServer;
  let project: TestProject;
  let folder: string;

  beforeAll(async () => {
    store = await startStore();
    server = await startApiServer({ store });
    project = await server.api.createProject("objects");
    folder = await mkdtemp(path.join(tmpdir(), "akavelog-objects-"));
    await server.api.commit(project.key, body);
    await download();
  }, 120_000);

  afterAll(async () => {
    await server.close();
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Takes the project's objects out of the bucket as any other S3 client does. */
  async function download(): Promise<void> {
    const { endpoint, region, accessKeyId, secretAccessKey, bucket: Bucket } = store;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({
      endpoint,
      region,
      credentials,
      forcePathStyle: true,
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
    const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `v1/${project.id}/` }));
    await mkdir(folder, { recursive: true });
    for (const { Key } of listed.Contents ?? []) {
      if (Key === undefined || !Key.endsWith(".ndjson.zst")) continue;
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      await writeFile(path.join(folder, path.basename(Key)), (await Body?.transformToByteArray()) ?? "");
    }
    client.destroy();
  }

  test("32,000 lines come back the same, and after kill -9 and a start without a cache", async () => {
    const before = await server.api.queryAll(project.key);
    expect(differenceOf(multisetOf(before.entries), expected).slice(0, 3)).toEqual([]);
    await server.process().kill9();
    await rm(path.join(server.dataDirectory, "cache"), { recursive: true, force: true });
    await server.restart({ how: "kill9" });
    const after = await server.api.queryAll(project.key, { order: "asc" });
    expect(differenceOf(multisetOf(after.entries), expected).slice(0, 3)).toEqual([]);
    expect(after.entries.every(({ ref }) => ref.key !== null)).toBe(true);
  });

  test("DuckDB reads the objects: the same count, ids and lines", async () => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const files = path.join(folder, "*.ndjson.zst");
    const columns =
      "columns={id:'VARCHAR',\"timestamp\":'VARCHAR',service:'VARCHAR',level:'VARCHAR',levelOriginal:'VARCHAR',message:'VARCHAR',tags:'JSON'}";
    const rows = (await connection.runAndReadAll(`select * from read_ndjson('${files}', ${columns})`)).getRowObjects();
    const entries = rows.map(
      (row) => ({ ...row, tags: JSON.parse(row["tags"] as string) as object }) as unknown as FoundEntry,
    );
    for (const entry of entries) if (entry.levelOriginal === null) delete (entry as Partial<FoundEntry>).levelOriginal;
    expect(differenceOf(multisetOf(entries), expected).slice(0, 3)).toEqual([]);
    const [counted] = (
      await connection.runAndReadAll(
        `select count(*) as entries, count(distinct id) as ids from read_json_auto('${files}')`,
      )
    ).getRowObjects();
    expect(counted).toEqual({ entries: 32_000n, ids: 32_000n });
    connection.closeSync();
  });

  test.skipIf(!isInstalled("zstd") || !isInstalled("jq"))("zstd -dc | jq reads the objects: the same lines", () => {
    const command = `zstd -dc "${folder}"/*.ndjson.zst | jq -c .`;
    const output = execFileSync("sh", ["-c", command], { maxBuffer: 256 * 1024 * 1024 });
    expect(differenceOf(multisetOf(parseLines<FoundEntry>(output)), expected).slice(0, 3)).toEqual([]);
  });
});
