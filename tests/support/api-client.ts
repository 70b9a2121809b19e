import { randomBytes } from "node:crypto";
import type { TestServer } from "#tests/support/server.ts";

export const ADMIN_TOKEN = randomBytes(24).toString("base64url");

/** What a server needs beside its defaults so that the functions below can set it up. */
export const API_ENV = { AKAVELOG_ADMIN_TOKEN: ADMIN_TOKEN, LOG_LEVEL: "warn", CANARY_INTERVAL_MS: "0" };

export interface TestProject {
  id: string;
  slug: string;
  key: string;
  keyId: string;
}

/** FoundEntry is an entry as /query answers it. */
export interface FoundEntry {
  timestamp: string;
  service: string;
  level: string;
  levelOriginal?: string;
  message: string;
  tags: Record<string, string>;
  ref: { id: string; batch: string | null; key: string | null };
}

export interface QueryEnd {
  complete: boolean;
  matched: number;
  cursor: string | null;
  elapsedMs: number;
  batches: { total: number; skipped: number; scanned: number };
  reason?: string;
  scope?: string;
}

export interface Page {
  entries: FoundEntry[];
  end: QueryEnd;
}

export interface IngestAnswer {
  accepted: number;
  rejected: number;
  errors: { index: number; reason: string }[];
  batches?: string[];
  committed?: boolean;
}

export type AnswerFormat = "application/x-ndjson" | "text/event-stream" | "application/json";

/** ApiClient calls a server that may be restarted under it. */
export interface ApiClient {
  call(path: string, init?: RequestInit & { key?: string }): Promise<Response>;
  operator(method: string, path: string, body?: unknown): Promise<Response>;
  createProject(name?: string): Promise<TestProject>;
  ingest(key: string, body: string | Uint8Array, options?: IngestOptions): Promise<Response>;
  /** Ingests with `wait=commit`, and fails unless everything sound is committed. */
  commit(key: string, body: string | Uint8Array, options?: IngestOptions): Promise<IngestAnswer>;
  query(key: string, body?: object, format?: AnswerFormat): Promise<Page>;
  /** Pages through everything that matches. */
  queryAll(key: string, body?: object, format?: AnswerFormat): Promise<Page>;
}

export interface IngestOptions {
  wait?: boolean;
  encoding?: string;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** All of the time that entries can have. */
export const ALL_TIME = { from: 0, to: "now+2d" };

export function apiClient(server: () => Pick<TestServer, "url">): ApiClient {
  const client: ApiClient = {
    call(path, { key, headers, ...init } = {}) {
      return fetch(server().url + path, {
        ...init,
        headers: { ...(key === undefined ? {} : { "x-api-key": key }), ...(headers as Record<string, string>) },
      });
    },
    operator(method, path, body) {
      return client.call(path, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
    async createProject(name = "p") {
      const answer = await client.operator("POST", "/projects", { name });
      if (answer.status !== 201) throw new Error(`cannot create project: ${answer.status} ${await answer.text()}`);
      const { project, apiKey } = (await answer.json()) as {
        project: { id: string; slug: string };
        apiKey: { id: string; key: string };
      };
      return { id: project.id, slug: project.slug, key: apiKey.key, keyId: apiKey.id };
    },
    ingest(key, body, { wait, encoding, idempotencyKey, signal } = {}) {
      return client.call(wait === true ? "/ingest?wait=commit" : "/ingest", {
        method: "POST",
        key,
        body: body as BodyInit,
        headers: {
          "content-type": "application/json",
          ...(encoding === undefined ? {} : { "content-encoding": encoding }),
          ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
    },
    async commit(key, body, options = {}) {
      const answer = await client.ingest(key, body, { ...options, wait: true });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`not committed: ${answer.status} ${text}`);
      return JSON.parse(text) as IngestAnswer;
    },
    async query(key, body = {}, format = "application/x-ndjson") {
      const answer = await client.call("/query", {
        method: "POST",
        key,
        body: JSON.stringify({ ...ALL_TIME, ...body }),
        headers: { accept: format },
      });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`cannot query: ${answer.status} ${text}`);
      return readPage(text, format);
    },
    async queryAll(key, body = {}, format = "application/x-ndjson") {
      const entries: FoundEntry[] = [];
      let cursor: string | null = null;
      for (;;) {
        const page: Page = await client.query(key, { limit: 10_000, ...body, cursor }, format);
        entries.push(...page.entries);
        cursor = page.end.cursor;
        if (cursor === null || !page.end.complete) return { entries, end: page.end };
      }
    },
  };
  return client;
}

/** readPage reads an answer of /query; a stream without its `end` throws. */
export function readPage(text: string, format: AnswerFormat): Page {
  if (format === "application/json") return JSON.parse(text) as Page;
  const records: Record<string, unknown>[] =
    format === "text/event-stream"
      ? text
          .split("\n\n")
          .filter((event) => event !== "")
          .map((event) => {
            const match = /^event: (\w+)\ndata: (.*)$/.exec(event);
            if (match === null) throw new Error(`not an event: ${event.slice(0, 200)}`);
            return { [match[1] ?? ""]: JSON.parse(match[2] ?? "") as unknown };
          })
      : text
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as Record<string, unknown>);
  const end = records.pop()?.["end"] as QueryEnd | undefined;
  if (end === undefined) throw new Error("the stream ended without its end record");
  return { entries: records.flatMap((record) => ("entry" in record ? [record["entry"] as FoundEntry] : [])), end };
}

/** until tries until `attempt` is true, and fails when that takes too long. */
export async function until(
  what: string,
  attempt: () => Promise<boolean> | boolean,
  timeoutMs = 40_000,
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!(await attempt())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
