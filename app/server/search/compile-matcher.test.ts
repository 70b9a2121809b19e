import fc from "fast-check";
import { expect, test } from "vitest";
import { parseQuery } from "#app/core/query/parse-query.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { entryArbitrary, predicateArbitrary, type SearchedEntry } from "#tests/support/predicates.ts";
import { searchEntries } from "#tests/support/search-entries.ts";
import { matchesReference } from "#tests/support/reference-filter.ts";
import { startCpuWatch } from "#tests/support/cpu-watch.ts";

function parsed(query: string): Predicate {
  const predicate = parseQuery(query);
  if (predicate instanceof Error) throw predicate;
  return predicate;
}

function matchesMessage(query: string, message: string): boolean {
  const entry: SearchedEntry = { service: "web", level: "info", message, tags: [] };
  return searchEntries(parsed(query), [entry])[0] === true;
}

test("the matcher agrees with the reference on every entry", () => {
  let pairs = 0;
  let hits = 0;
  fc.assert(
    fc.property(
      predicateArbitrary,
      fc.array(entryArbitrary, { minLength: 16, maxLength: 16 }),
      (predicate, entries) => {
        const expected = entries.map((entry) => matchesReference(predicate, entry));
        expect(searchEntries(predicate, entries)).toEqual(expected);
        pairs += entries.length;
        hits += expected.filter(Boolean).length;
      },
    ),
    { numRuns: 2000 },
  );
  expect(pairs).toBeGreaterThanOrEqual(20_000);
  // A generator that hit nothing, or everything, would prove nothing.
  expect(hits / pairs).toBeGreaterThan(0.1);
  expect(hits / pairs).toBeLessThan(0.9);
}, 60_000);

test("a text is found wherever its pieces stand in the message", () => {
  fc.assert(
    fc.property(entryArbitrary, entryArbitrary, fc.boolean(), fc.boolean(), (before, found, openStart, openEnd) => {
      fc.pre(found.message !== "");
      const predicate: Predicate = { kind: "text", text: found.message, openStart, openEnd };
      const entry = { ...before, message: `${before.message}${found.message}${before.service}` };
      expect(searchEntries(predicate, [entry])).toEqual([matchesReference(predicate, entry)]);
    }),
    { numRuns: 3000 },
  );
}, 30_000);

test("a letter that folds to ASCII is found by it", () => {
  expect(matchesMessage("kelvin", "5 \u212aelvin")).toBe(true);
  expect(matchesMessage("info", "İnfo")).toBe(true);
});

test("a place that overlaps a near-miss is found", () => {
  expect(matchesMessage('"a-a"', "xa-a-a")).toBe(true);
  expect(matchesMessage("*aa", "aaa")).toBe(true);
  expect(matchesMessage("*aa", "aaab")).toBe(false);
});

test("an escape in the stored line is no letter of the message", () => {
  expect(matchesMessage("*name*", "\name")).toBe(false);
  expect(matchesMessage("ame", "\name")).toBe(true);
  expect(matchesMessage("*u0000*", "\u0000")).toBe(false);
});

test("many keys and many values are looked up rightly", () => {
  const keys = Array.from({ length: 40 }, (_, i) => `key${i}`);
  const query = keys.map((key, i) => `${key}:(${keys.join(" OR ")} OR v${i})`).join(" OR ");
  const entries = ["key3", "v3", "v4"].map((value): SearchedEntry => {
    return {
      service: "web",
      level: "info",
      message: "",
      tags: [
        ["other", "v3"],
        ["key3", value],
      ],
    };
  });
  expect(searchEntries(parsed(query), entries)).toEqual([true, true, false]);
});

test.each([
  ["aa", "a".repeat(1 << 20)],
  ["*aa", `${"a".repeat(1 << 20)}b`],
  [`*${"a".repeat(250)}`, `${"a".repeat(1 << 20)}b`],
  [`"${"a".repeat(250)}"`, "a".repeat(1 << 20)],
  ["\u{10428}\u{10428}", "\u{10428}".repeat(1 << 18)],
])("%j takes no more than a second on a message of a megabyte", (query, message) => {
  const usedMs = startCpuWatch();
  expect(matchesMessage(query, message)).toBe(false);
  expect(usedMs()).toBeLessThan(1000);
});

test.each([
  ["*nail*", "a\nail", false],
  ["*nail*", "a\nnail", true],
  ["*1b*", "\u001b[31m", false],
  ["*1b*", "\u001b[31m 1b", true],
  ["nail", 'a "nail"', true],
  ["nail", "a\tnail\n", true],
  ["ail", "a\fail", true],
  ["nail", "énail", false],
  ["nail", "nailé", false],
  ["nail", "nail…", true],
  ["nail", "nails nail", true],
  ["nail", "nails snail", false],
  ["disk", "dis\u212a", true],
  ["disk", "dis\u212a2 disk2", false],
  ["*ask*", "tas\u212a", true],
])("%j in %j is told from its bytes as from its text: %s", (query, message, expected) => {
  expect(matchesMessage(query, message)).toBe(expected);
});
