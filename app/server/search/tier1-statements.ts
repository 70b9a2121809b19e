import { formatEntryId, INDEX_DIGITS, type EntryPosition } from "#app/core/entry.ts";
import { isEverything, type Predicate } from "#app/core/query/predicate.ts";
import { partsToNs } from "#app/core/timestamp.ts";
import { compileSql, jsonPointer, type KnownOfRows, type SqlValue } from "#app/server/search/compile-sql.ts";
import { MAX_GROUPS, MAX_VALUE_BYTES } from "#app/server/search/group-counter.ts";
import type { Grouping } from "#app/server/search/group-counts.ts";
import type { Tier1Statement } from "#app/server/search/over-rows.ts";
import { columnOf } from "#app/server/search/sql-names.ts";
import type { SpanCount } from "#app/server/search/span-counters.ts";
import type { ScanBounds } from "#app/server/search/scan-lines.ts";
import { findSpellings } from "#app/server/search/find-spellings.ts";
import type { Tier1Object } from "#app/server/search/tier1-objects.ts";
import { TOKENISER_VERSION } from "#app/server/search/word-filter.ts";
import type { RowGroup, Tier1Description } from "#app/server/search/tier1-format.ts";
import { lineColumns } from "#app/server/search/tier1-lines.ts";

/** A row's time in nanoseconds; only what microseconds do not hold stands in a column of its own. */
const NS = `coalesce(timestamp_ns, epoch_us("timestamp") * 1000)`;
const NS_PER_US = 1000n;

/** pageStatement selects the first `limit` matches of a page in one row group, as lines in the order of the page. */
export function pageStatement(
  object: Tier1Object,
  rowGroup: RowGroup,
  { predicate, bounds, limit }: { predicate: Predicate; bounds: ScanBounds; limit: number },
): Tier1Statement {
  const values: SqlValue[] = [];
  const from = partsToNs({ ms: bounds.fromMs, subMsNs: bounds.fromSubMsNs });
  const to = partsToNs({ ms: bounds.toMs, subMsNs: bounds.toSubMsNs });
  const conditions = [
    ...timeConditions(rowGroup, from, to, values),
    ...behindConditions(bounds, values),
    ...predicateConditions(object, [rowGroup], predicate, values),
  ];
  const direction = bounds.order;
  // Nanoseconds are missing where there are none beyond the microsecond: such a row comes before the others of its own.
  const nulls = direction === "asc" ? "first" : "last";
  return {
    conditions,
    sql: (matching) => `select ${lineColumns(object.description.promotedKeys)} ${matching}
      order by "timestamp" ${direction}, timestamp_ns ${direction} nulls ${nulls}, id_request ${direction}, id_index ${direction}
      limit ${limit}`,
    values,
  };
}

function behindConditions({ behind, order }: ScanBounds, values: SqlValue[]): string[] {
  if (behind === null) return [];
  const operator = order === "asc" ? ">" : "<";
  const ns = partsToNs(behind);
  const [us, exact, id] = [bind(values, ns / NS_PER_US), bind(values, ns), bind(values, behind.id)];
  return [
    // The column's own statistics leave out what lies before.
    `"timestamp" ${operator}= make_timestamptz(${us}::bigint)`,
    `(${NS} ${operator} ${exact}::bigint or (${NS} = ${exact}::bigint and id_request || '-' || id_index ${operator} ${id}))`,
  ];
}

/** CountedTime is the times `[fromNs, toNs)` that a count is of. */
export interface CountedTime {
  fromNs: bigint;
  toNs: bigint;
}

/**
 * countStatement counts the matches of row groups by several groupings in one pass. `groupsOf` reads its rows. Of each
 * grouping it returns the largest groups; those that are too many or have long values are counted together.
 */
export function countStatement(
  object: Tier1Object,
  rowGroups: readonly RowGroup[],
  { predicate, time, groupings }: { predicate: Predicate; time: CountedTime; groupings: Grouping[][] },
): Tier1Statement {
  const values: SqlValue[] = [];
  const grouped = groupedColumns(object.description, groupings);
  const columns = grouped.map((grouping, i) => `${expressionOf(grouping, object.description, values)} as g${i}`);
  const conditions = [
    ...timeConditions(joined(rowGroups), time.fromNs, time.toNs, values),
    ...predicateConditions(object, rowGroups, predicate, values),
  ];
  if (columns.length === 0) return { conditions, sql: (matching) => `select count(*) ${matching}`, values };
  const [column] = grouped;
  if (grouped.length === 1 && groupings.length === 1 && column?.kind === "level") {
    // Levels are few and short: there is nothing to rank.
    return { conditions, sql: (matching) => `select 0, count(*), true, level ${matching} group by level`, values };
  }
  const names = grouped.map((_, i) => `g${i}`);
  const sets = groupings.map(
    (grouping) =>
      `(${placesOf(grouping, grouped)
        .flatMap((place) => names[place] ?? [])
        .join(", ")})`,
  );
  const fits = names.map((name) => `strlen(coalesce(${name}::varchar, '')) <= ${MAX_VALUE_BYTES}`).join(" and ");
  return {
    conditions,
    sql: (matching) => `with grouped as (
        select grouping_id(${names.join(", ")}) as set, ${names.join(", ")}, count(*) as entries
        from (select ${columns.join(", ")} ${matching})
        group by grouping sets (${[...new Set(sets)].join(", ")})
      ), ranked as (
        select *, ${fits} and row_number() over (partition by set order by entries desc) <= ${MAX_GROUPS} as is_kept
        from grouped
      )
      select set, entries, true, ${names.join(", ")} from ranked where is_kept
      union all
      select set, sum(entries)::bigint, false, ${names.map(() => "null").join(", ")} from ranked where not is_kept group by set`,
    values,
  };
}

/** groupsOf reads the rows of countStatement, for each grouping. */
export function groupsOf(
  { description }: Tier1Object,
  groupings: Grouping[][],
  rows: readonly unknown[][],
): SpanCount[] {
  const grouped = groupedColumns(description, groupings);
  return groupings.map((grouping) => {
    const places = placesOf(grouping, grouped);
    const counted: SpanCount = { groups: [], ungrouped: 0 };
    // A bit is set for each column that the set does not group by, the first column's being the highest.
    const set = grouped.reduce((bits, _, i) => bits * 2 + (places.includes(i) ? 0 : 1), 0);
    for (const row of rows) {
      // What groups by nothing is one number.
      const [of, number, isKept, ...values] = grouped.length === 0 ? [set, row[0], true] : row;
      const count = Number(number);
      if (Number(of) !== set || count === 0) continue;
      if (isKept === true) counted.groups.push({ values: places.map((at) => groupValue(values[at] ?? null)), count });
      else counted.ungrouped += count;
    }
    return counted;
  });
}

function groupValue(value: unknown): string | number | null {
  return typeof value === "bigint" ? Number(value) : (value as string | null);
}

/** entryTimeStatement selects the time of one entry, if it is there. */
export function entryTimeStatement({ walId, sequence, index }: EntryPosition): Tier1Statement {
  const id = formatEntryId(walId, sequence, index);
  return {
    conditions: ["id_request = $1", "id_index = $2"],
    sql: (matching) => `select ${NS} ${matching}`,
    values: [id.slice(0, -INDEX_DIGITS - 1), id.slice(-INDEX_DIGITS)],
  };
}

/** Each thing that is grouped by, once; not the tags that no entry of the object has. */
function groupedColumns({ tags }: Tier1Description, groupings: Grouping[][]): Grouping[] {
  const columns = new Map(groupings.flat().map((grouping) => [keyOf(grouping), grouping]));
  return [...columns.values()].filter(
    (grouping) => grouping.kind !== "tag" || !tags.complete || Object.hasOwn(tags.keys, grouping.key),
  );
}

/** Where the values of a grouping stand among the columns; -1 for a tag that is nowhere. */
function placesOf(grouping: Grouping[], columns: Grouping[]): number[] {
  const keys = columns.map(keyOf);
  return grouping.map((one) => keys.indexOf(keyOf(one)));
}

function keyOf(grouping: Grouping): string {
  switch (grouping.kind) {
    case "tag":
      return `tag ${grouping.key}`;
    case "time":
      return `time ${grouping.originNs} ${grouping.intervalNs}`;
    case "service":
    case "level":
      return grouping.kind;
  }
}

function expressionOf(grouping: Grouping, { promotedKeys }: Tier1Description, values: SqlValue[]): string {
  switch (grouping.kind) {
    case "service":
    case "level":
      return grouping.kind;
    case "time":
      return `(${NS} - ${bind(values, grouping.originNs)}::bigint) // ${bind(values, grouping.intervalNs)}::bigint`;
    case "tag": {
      if (promotedKeys.includes(grouping.key)) return columnOf(grouping.key);
      return `json_extract_string(tags, ${bind(values, jsonPointer(grouping.key))})`;
    }
  }
}

/** Nothing is asked of the time where all of it is wanted: then its column is not even read. */
function timeConditions(
  { tsStartNs, tsEndNs }: Pick<RowGroup, "tsStartNs" | "tsEndNs">,
  fromNs: bigint,
  toNs: bigint,
  values: SqlValue[],
): string[] {
  const conditions: string[] = [];
  if (tsStartNs < fromNs) {
    conditions.push(`"timestamp" >= make_timestamptz(${bind(values, fromNs / NS_PER_US)}::bigint)`);
    if (fromNs % NS_PER_US !== 0n) conditions.push(`${NS} >= ${bind(values, fromNs)}::bigint`);
  }
  if (tsEndNs >= toNs) {
    const isWhole = toNs % NS_PER_US === 0n;
    conditions.push(`"timestamp" <${isWhole ? "" : "="} make_timestamptz(${bind(values, toNs / NS_PER_US)}::bigint)`);
    if (!isWhole) conditions.push(`${NS} < ${bind(values, toNs)}::bigint`);
  }
  return conditions;
}

function joined(rowGroups: readonly RowGroup[]): Pick<RowGroup, "tsStartNs" | "tsEndNs"> {
  return {
    tsStartNs: rowGroups.reduce((least, one) => (one.tsStartNs < least ? one.tsStartNs : least), MAX_NS),
    tsEndNs: rowGroups.reduce((most, one) => (one.tsEndNs > most ? one.tsEndNs : most), 0n),
  };
}

const MAX_NS = 2n ** 63n - 1n;

function predicateConditions(
  { description, filterOf }: Tier1Object,
  rowGroups: readonly RowGroup[],
  predicate: Predicate,
  values: SqlValue[],
): string[] {
  if (isEverything(predicate)) return [];
  const isOurs = description.tokeniser === TOKENISER_VERSION;
  const known: KnownOfRows = {
    spellingsOf: (text) => (isOurs ? findSpellings(text, rowGroups.map(filterOf)) : null),
    isAscii: rowGroups.every((rowGroup) => rowGroup.isAscii === true),
  };
  return [compileSql(predicate, description.promotedKeys, values, known).sql];
}

function bind(values: SqlValue[], value: SqlValue): string {
  values.push(value);
  return `$${values.length}`;
}
