import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { normaliseLevel } from "#app/core/level.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { searchEntries } from "#tests/support/search-entries.ts";
import type { SearchedEntry } from "#tests/support/predicates.ts";

const page = readFileSync(new URL("../../../docs/query.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| `(.*?)` +\| `(.*?)` +\| (yes|no) +\|$/gm)].map((row) => {
  const [query = "", entry = ""] = row.slice(1).map((cell) => cell.replaceAll("\\|", "|"));
  return [query, entry, row[3] === "yes"] as const;
});

function entryOf(cell: string): SearchedEntry {
  if (!cell.startsWith("{")) return { service: "web", level: "info", message: cell, tags: [] };
  const { service = "web", level = "info", message = "", ...tags } = JSON.parse(cell) as Record<string, string>;
  return { service, level: normaliseLevel(level), message, tags: Object.entries(tags) };
}

test("the page has examples", () => expect(rows.length).toBeGreaterThanOrEqual(80));

test.each(rows)("%s on %s matches: %s", (query, entry, matches) => {
  const predicate = parseQuery(query);
  if (predicate instanceof Error) throw predicate;
  expect(searchEntries(predicate, [entryOf(entry)])).toEqual([matches]);
});

test("the page quotes a refusal word for word", () => {
  const quoted = JSON.parse(/^\{\n {2}"type"[^}]*\}/m.exec(page)?.[0] ?? "{}") as Record<string, unknown>;
  expect(parseQuery("a b (c")).toMatchObject({ position: quoted["position"], message: quoted["detail"] });
});
