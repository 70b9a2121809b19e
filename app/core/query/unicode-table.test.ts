import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { fold } from "#app/core/fold.ts";
import { isWordPoint } from "#app/core/query/word-character.ts";

test("words and case are those of the pinned DuckDB, for every character", async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const reader = await connection.runAndReadAll(`
    select i::integer, unicode(lower(chr(i::integer))), regexp_matches(chr(i::integer), '[\\pL\\pN_]')
    from range(1, 1114112) as points(i)
    where (i < 55296 or i > 57343)
      and (lower(chr(i::integer)) <> chr(i::integer) or regexp_matches(chr(i::integer), '[\\pL\\pN_]'))`);
  const rows = new Map(reader.getRowsJson().map(([point, lower, isWord]) => [Number(point), [Number(lower), isWord]]));
  const differences: number[] = [];
  for (let point = 1; point < 0x110000; point++) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const [lower, isWord] = rows.get(point) ?? [point, false];
    const folded = fold(String.fromCodePoint(point)).codePointAt(0);
    if (folded !== lower || isWordPoint(point) !== isWord) differences.push(point);
  }
  expect(differences).toEqual([]);
}, 30_000);
