import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { formatTimestamp } from "#app/core/timestamp.ts";
import { columnOf, quoted } from "#app/server/search/open-duckdb.ts";

/** LINE_COLUMNS selects what a line is made of; `lineOf` takes the values in this order. */
export function lineColumns(promotedKeys: readonly string[]): string {
  return [
    "id_request, id_index",
    `epoch_us("timestamp") as us, timestamp_ns`,
    "service, level, level_original, message, tags",
    ...promotedKeys.map(columnOf),
  ].join(", ");
}

const FIRST_PROMOTED = 9;
const US_PER_MS = 1000n;

/** lineOf writes a row as the canonical line that it came from, without its id; tags that have columns come first. */
export function lineOf(row: readonly DuckDBValue[], promotedNames: readonly string[]): string {
  const [, , us, timestampNs, service, level, levelOriginal, message, rest] = row as [
    string,
    string,
    bigint,
    bigint | null,
    string,
    string,
    string | null,
    string,
    string | null,
  ];
  const ms = Number(us / US_PER_MS);
  const subMsNs = timestampNs === null ? Number(us % US_PER_MS) * 1000 : Number(timestampNs % 1_000_000n);
  let tags = "";
  for (let i = 0; i < promotedNames.length; i++) {
    const value = row[FIRST_PROMOTED + i];
    if (typeof value === "string") tags += `${tags === "" ? "" : ","}${promotedNames[i]}:${JSON.stringify(value)}`;
  }
  if (rest !== null) tags += (tags === "" ? "" : ",") + canonicalTags(rest);
  const original = levelOriginal === null ? "" : `"levelOriginal":${JSON.stringify(levelOriginal)},`;
  return (
    `{"timestamp":"${formatTimestamp({ ms, subMsNs })}","service":${JSON.stringify(service)},"level":"${level}",` +
    `${original}"message":${JSON.stringify(message)},"tags":{${tags}}}`
  );
}

/** jsonNames are the promoted keys as they stand in a line. */
export function jsonNames(promotedKeys: readonly string[]): string[] {
  return promotedKeys.map((key) => JSON.stringify(key));
}

/**
 * canonicalTags spells the pairs of a JSON object as we do, without its braces. Not by way of an object of JavaScript, which
 * would put `10` before `a` and lose `__proto__`.
 */
function canonicalTags(json: string): string {
  return json.slice(1, -1).replace(/"(?:[^"\\]|\\.)*"/gs, (text) => JSON.stringify(JSON.parse(text)));
}

/** readLines yields an object's stored lines, with their ids, piece by piece in the order of its rows. */
export async function* readLines(
  connection: DuckDBConnection,
  path: string,
  promotedKeys: readonly string[],
): AsyncGenerator<string[]> {
  const names = jsonNames(promotedKeys);
  const result = await connection.stream(`select ${lineColumns(promotedKeys)} from read_parquet(${quoted(path)})`);
  for await (const rows of result.yieldRows()) {
    yield rows.map((row) => `{"id":"${String(row[0])}-${String(row[1])}",${lineOf(row, names).slice(1)}\n`);
  }
}
