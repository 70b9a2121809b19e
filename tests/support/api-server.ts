import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { API_ENV, apiClient, type ApiClient } from "#tests/support/api-client.ts";
import { openTestDatabase, type TestDatabase } from "#tests/support/postgres.ts";
import type { S3Server } from "#tests/support/s3-server.ts";
import { startServer, type TestServer } from "#tests/support/server.ts";

/** ApiServer is a production server on a database of its own, that can be ended and started again on the same data. */
export interface ApiServer {
  api: ApiClient;
  database: TestDatabase;
  dataDirectory: string;
  process(): TestServer;
  /** A setting that the server runs with. */
  env(name: string): string | undefined;
  /** Ends it, cleanly or with SIGKILL, and starts it again, with other settings when they are given. */
  restart(options?: { how?: "stop" | "kill9"; env?: Record<string, string>; port?: number }): Promise<void>;
  close(): Promise<void>;
}

export interface ApiServerOptions {
  env?: Record<string, string>;
  /** Where the objects go instead of the data folder; `endpoint` may be that of a proxy. */
  store?: Pick<S3Server, "endpoint" | "bucket" | "region" | "accessKeyId" | "secretAccessKey">;
  /** What the server connects to instead of the database itself. */
  databaseUrl?: (url: string) => Promise<string>;
}

export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const database = await openTestDatabase();
  const dataDirectory = await mkdtemp(path.join(tmpdir(), "akavelog-api-"));
  let env: Record<string, string> = {
    ...API_ENV,
    DATABASE_URL: options.databaseUrl === undefined ? database.url : await options.databaseUrl(database.url),
    SESSION_SECRET: randomBytes(32).toString("hex"),
    ...(options.store === undefined ? {} : storeEnv(options.store)),
    ...options.env,
  };
  let server = await startServer({ dataDirectory, env });
  return {
    api: apiClient(() => server),
    database,
    dataDirectory,
    process: () => server,
    env: (name) => env[name],
    async restart({ how = "stop", env: changed = {}, port } = {}) {
      await (how === "stop" ? server.stop() : server.kill9());
      env = { ...env, ...changed };
      server = await startServer({ dataDirectory, env, ...(port === undefined ? {} : { port }) });
    },
    async close() {
      await server.stop();
      await database.drop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** storeEnv are the settings of a server that keeps its objects in this store. */
export function storeEnv(store: NonNullable<ApiServerOptions["store"]>): Record<string, string> {
  return {
    O3_ENDPOINT: store.endpoint,
    O3_BUCKET: store.bucket,
    O3_REGION: store.region,
    O3_ACCESS_KEY_ID: store.accessKeyId,
    O3_SECRET_ACCESS_KEY: store.secretAccessKey,
  };
}
