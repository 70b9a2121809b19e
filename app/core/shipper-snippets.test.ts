import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { shipperSnippets } from "#app/core/shipper-snippets.ts";

const KEY = "akl_0123456789abcdefghijklmnop123456";

function snippet(id: string, origin = "https://logs.example.org"): string {
  const found = shipperSnippets({ origin, key: KEY }).find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no snippet ${id}`);
  return found.code;
}

test("every snippet carries the key and no two have one id", () => {
  const snippets = shipperSnippets({ origin: "https://logs.example.org", key: KEY });
  for (const { code } of snippets) expect(code).toContain(KEY);
  expect(new Set(snippets.map(({ id }) => id)).size).toBe(snippets.length);
});

test("each of them stands in docs/shippers.md", () => {
  const page = readFileSync(path.resolve(import.meta.dirname, "../../docs/shippers.md"), "utf8");
  for (const { sender, code } of shipperSnippets({ origin: "https://logs.example.org", key: "KEY" })) {
    expect([sender, page.includes(`\n${code}\n`)]).toEqual([sender, true]);
  }
});

test("a port and TLS follow the address", () => {
  expect(snippet("fluent-bit")).toMatch(/Host +logs\.example\.org\n +Port +443\n[^]*Tls +On/);
  expect(snippet("fluent-bit", "http://127.0.0.1:3000")).toMatch(/Host +127\.0\.0\.1\n +Port +3000\n[^]*Tls +Off/);
});

test("what is YAML or JSON can be read as such", () => {
  expect(parse(snippet("vector"))).toMatchObject({ sinks: { akavelog: { uri: "https://logs.example.org/ingest" } } });
  expect(parse(snippet("otel-collector"))).toMatchObject({
    exporters: { "otlphttp/akavelog": { headers: { "X-API-Key": KEY } } },
  });
  expect(parse(snippet("datadog"))).toMatchObject({ logs_config: { logs_dd_url: "logs.example.org:443" } });
  expect(parse(snippet("filebeat"))).toMatchObject({ "output.elasticsearch": { password: KEY } });
  expect(JSON.parse(snippet("docker"))).toMatchObject({ "log-opts": { "splunk-token": KEY } });
});
