import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { API_ENV, apiClient } from "#tests/support/api-client.ts";
import { startServer } from "#tests/support/server.ts";

const DOCUMENT = "docs/follow-a-line.md";

/** The way of a line, as the floors of the house have it. */
const ROOMS = [
  "app/server/http",
  "app/routes",
  "app/server/auth",
  "app/server/protocols",
  "app/server/ingest",
  "app/server/o3",
  "app/server/catalog",
  "app/server/search",
];

test("a posted line is found after kill -9 and a start, with the id it had before", async () => {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), "akavelog-follow-"));
  let server = await startServer({ dataDirectory, env: API_ENV });
  const api = apiClient(() => server);
  try {
    const { key } = await api.createProject("shop");
    const line = {
      timestamp: "2026-01-02T03:04:05.123456789Z",
      service: "pay",
      level: "WARNING",
      message: "card refused",
      tags: { order: "42" },
    };
    const posted = await api.ingest(key, JSON.stringify(line));
    expect([posted.status, await posted.json()]).toEqual([202, { accepted: 1, rejected: 0, errors: [] }]);
    const before = (await api.query(key)).entries;
    await server.kill9();

    server = await startServer({ dataDirectory, env: API_ENV });
    const after = (await api.query(key, { keyword: "CARD", service: "pay", level: "warn", tags: { order: "42" } }))
      .entries;
    expect(after).toMatchObject([{ ...line, level: "warn", levelOriginal: "WARNING", ref: { id: before[0]?.ref.id } }]);

    const { batches } = await api.commit(key, JSON.stringify({ ...line, message: "and another" }));
    const stored = (await api.queryAll(key)).entries;
    expect(stored.map(({ message }) => message).sort()).toEqual(["and another", "card refused"]);
    expect(stored.find(({ message }) => message === "and another")?.ref.key).toBe(batches?.[0]);
    expect(existsSync(path.join(dataDirectory, "objects", batches?.[0] ?? ""))).toBe(true);
  } finally {
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

test.skipIf(!existsSync(DOCUMENT))(`every place that ${DOCUMENT} names exists, in the order of the way`, () => {
  const text = readFileSync(DOCUMENT, "utf8");
  const named = [...text.matchAll(/\bapp\/[\w$./-]*\w/g)].map(([place]) => place);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((place) => !existsSync(place))).toEqual([]);
  const firstNamed = ROOMS.map((room) => named.findIndex((place) => place === room || place.startsWith(`${room}/`)));
  expect(ROOMS.filter((_, i) => firstNamed[i] === -1)).toEqual([]);
  expect(firstNamed).toEqual([...firstNamed].sort((a, b) => a - b));
  for (const room of ROOMS) expect(statSync(room).isDirectory()).toBe(true);
});
