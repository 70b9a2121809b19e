import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { formatTimestamp } from "#app/core/timestamp.ts";
import { columnOf, quoted } from "#app/server/search/sql-names.ts";

/** lineColumns selects what a line is made of; `storedLineOf` takes the values in this order. */
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

/** storedLineOf writes a row as the stored line that it came from; only tags that have columns come first now. */
export function storedLineOf(row: readonly DuckDBValue[], promotedNames: readonly string[]): string {
  const [idRequest, idIndex, us, timestampNs, service, level, levelOriginal, message, rest] = row as [
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
    `{"id":"${idRequest}-${idIndex}","timestamp":"${formatTimestamp({ ms, subMsNs })}","service":${JSON.stringify(service)},"level":"${level}",` +
    `${original}"message":${JSON.stringify(message)},"tags":{${tags}}}\n`
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

/**
 * readLines yields all of an object's entries as stored lines, some hundred kilobytes at a time in the order of its rows.
 * DuckDB writes the lines: a value at a time would cost several times as much. It spells the escapes of control characters
 * its own way, so these lines are to be read and not to be kept.
 */
export async function* readLines(
  connection: DuckDBConnection,
  path: string,
  promotedKeys: readonly string[],
): AsyncGenerator<{ bytes: Buffer; count: number }> {
  const pairs = promotedKeys.map((key) => `${quoted(`"${key}":`)} || ${json(columnOf(key))}`);
  const result = await connection.stream(`
    select '{"id":"' || id_request || '-' || id_index || '","timestamp":"' || ${TIMESTAMP_TEXT} || 'Z","service":' ||
      ${json("service")} || ',"level":"' || level || '",' ||
      case when level_original is null then '' else '"levelOriginal":' || ${json("level_original")} || ',' end ||
      '"message":' || ${json("message")} || ',"tags":{' || concat_ws(',', ${[...pairs, "tags[2:-2]"].join(", ")}) || '}}'
    from read_parquet(${quoted(path)})`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    const lines = chunk.getColumnVector(0);
    let text = "";
    for (let i = 0; i < chunk.rowCount; i++) text += `${String(lines.getItem(i))}\n`;
    yield { bytes: Buffer.from(text), count: chunk.rowCount };
  }
}

/** The fewest of 3, 6 or 9 digits that keep the value. */
const TIMESTAMP_TEXT = `case
    when timestamp_ns is not null then strftime(make_timestamp_ns(timestamp_ns), '%Y-%m-%dT%H:%M:%S.%n')
    when epoch_us("timestamp") % 1000 <> 0 then strftime(timezone('UTC', "timestamp"), '%Y-%m-%dT%H:%M:%S.%f')
    else strftime(timezone('UTC', "timestamp"), '%Y-%m-%dT%H:%M:%S.%g') end`;

function json(column: string): string {
  return `to_json(${column})::varchar`;
}
