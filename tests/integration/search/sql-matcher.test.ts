import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseEntryId } from "#app/core/entry.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { compileSql } from "#app/server/search/compile-sql.ts";
import { findSpellings } from "#app/server/search/find-spellings.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { quoted } from "#app/server/search/sql-names.ts";
import { compileWordTest } from "#app/server/search/prune-row-groups.ts";
import { entryArbitrary, predicateArbitrary } from "#tests/support/predicates.ts";
import { searchEntries } from "#tests/support/search-entries.ts";
import { tier1File, type TimedEntry } from "#tests/support/tier1-file.ts";

type TextPredicate = Predicate & { kind: "text" };

/** Of an entry and a predicate. */
const PAIRS = 100_000;
const ENTRIES = 250;

let directory: string;
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "akavelog-sql-"));
  instance = await openDuckDb({
    directories: [directory],
    temporaryDirectory: directory,
    memoryLimitMb: 256,
    threads: 2,
  });
  connection = await instance.connect();
});

afterAll(async () => {
  connection.disconnectSync();
  instance.closeSync();
  await rm(directory, { recursive: true, force: true });
});

test(`SQL over an object and the matcher agree on ${PAIRS} pairs`, { timeout: 120_000 }, async () => {
  let pairs = 0;
  let hits = 0;
  for (let round = 0; pairs < PAIRS; round++) {
    // Every other object has messages of ASCII alone, for which conditions are other ones.
    const isAscii = round % 2 === 1;
    const entries = fc
      .sample(entryArbitrary, { numRuns: ENTRIES, seed: round })
      .map((entry) => (isAscii ? { ...entry, message: entry.message.replace(/[^\0-\x7f]/g, "") } : entry))
      .map((entry, i): TimedEntry => ({ ...entry, timestamp: { ms: 1_700_000_000_000 + i, subMsNs: i % 1000 } }));
    const { path: file, description } = await tier1File(directory, [entries]);
    const object = await readFile(file);
    const filters = description.rowGroups.map(({ filterStart, filterBytes }) =>
      object.subarray(filterStart, filterStart + filterBytes),
    );
    expect(description.rowGroups.map((rowGroup) => rowGroup.isAscii)).toEqual([isAscii]);
    for (const predicate of fc.sample(predicateArbitrary, { numRuns: 40, seed: round })) {
      const { sql, values } = compileSql(predicate, description.promotedKeys, [], {
        spellingsOf: (text) => findSpellings(text, filters),
        isAscii: description.rowGroups.every((rowGroup) => rowGroup.isAscii === true),
      });
      const rows = await connection.runAndReadAll(
        `select id_request || '-' || id_index from read_parquet(${quoted(file)}) where ${sql}`,
        values,
      );
      const found = new Set(rows.getRows().map(([id]) => parseEntryId(String(id))?.index));
      const expected = searchEntries(predicate, entries);
      const wrong = entries.flatMap((entry, i) =>
        found.has(i) === expected[i] ? [] : [{ entry, expected: expected[i] }],
      );
      expect({ predicate, wrong }).toEqual({ predicate, wrong: [] });
      // What the word filter leaves out must be in no entry.
      const isLeftOut = compileWordTest(predicate)?.(filters[0] as Buffer) === false;
      expect({ predicate, isLeftOut: isLeftOut && expected.includes(true) }).toEqual({ predicate, isLeftOut: false });
      pairs += entries.length;
      hits += found.size;
    }
    await rm(file);
  }
  // A generator that hit nothing, or everything, would prove nothing.
  expect(hits / pairs).toBeGreaterThan(0.1);
  expect(hits / pairs).toBeLessThan(0.9);
});

test.each([
  { others: [], spellings: ["failed", "Failed", "FAILED"], isAscii: true },
  // A word written in a way that no filter names is found by folding every message.
  { others: ["it fAiLed"], spellings: null, isAscii: true },
  { others: ["it fAiLed", "größe"], spellings: null, isAscii: false },
])(
  "a word is found in each spelling that its row group has: $spellings, ASCII $isAscii",
  async ({ others, spellings, isAscii }) => {
    const messages = [
      ...["job failed", "Failed: disk", "it FAILED", "failedover", "un-failed", "prefailed", "nothing"],
      ...others,
    ];
    const entries = messages.map((message, i): TimedEntry => {
      return { timestamp: { ms: 1_700_000_000_000 + i, subMsNs: 0 }, service: "web", level: "info", message, tags: [] };
    });
    const { path: file, description } = await tier1File(directory, [entries]);
    const object = await readFile(file);
    const filters = description.rowGroups.map(({ filterStart, filterBytes }) =>
      object.subarray(filterStart, filterStart + filterBytes),
    );
    const word = { kind: "text", text: "Failed", openStart: false, openEnd: false } as const;
    expect(description.rowGroups.map((rowGroup) => rowGroup.isAscii)).toEqual([isAscii]);
    expect(findSpellings(word, filters)).toEqual(spellings);
    const known = { spellingsOf: (text: TextPredicate) => findSpellings(text, filters), isAscii };
    const predicates: TextPredicate[] = [
      ...[word, { ...word, openStart: true }, { ...word, openEnd: true }, { ...word, openStart: true, openEnd: true }],
      // RE2 takes the long s for an `s` where case does not matter, as the fold table does not.
      { ...word, text: "di\u017fk" },
    ];
    for (const predicate of predicates) {
      const { sql, values } = compileSql(predicate, description.promotedKeys, [], known);
      const rows = await connection.runAndReadAll(
        `select message from read_parquet(${quoted(file)}) where ${sql} order by "timestamp"`,
        values,
      );
      const expected = searchEntries(predicate, entries);
      const found = rows.getRows().map(([message]) => message);
      expect({ predicate, found }).toEqual({ predicate, found: messages.filter((_, i) => expected[i]) });
    }
    await rm(file);
  },
);
