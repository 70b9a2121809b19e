import {
  COUNTS,
  ID_AT,
  ID_BYTES,
  NO_TEXT,
  ORDER,
  ROWS,
  ROW_BYTES,
  ROW_LINE,
  ROW_NS,
  ROW_TABLE,
  SERVICE_COLUMN,
  SERVICE_RANKS,
  SORT_COLUMN,
  SPARE,
  VALUE_RANKS,
} from "./layout";
import { word } from "./slice-words";
import { countOf, numberAt } from "./texts";

/**
 * sortRows orders the rows by service, text of the sort column, time and id. Services and texts have ranks; rows without a
 * text come last of their service.
 */
export function sortRows(): void {
  const rows = word(ROWS);
  const order = word(ORDER);
  const spare = word(SPARE);
  for (let i = 0; i < rows; i++) store<i32>(spare + i * 4, i);
  if (word(SORT_COLUMN) !== -1) {
    spread(spare, order, word(SORT_COLUMN), word(VALUE_RANKS));
    spread(order, spare, SERVICE_COLUMN, word(SERVICE_RANKS));
    memory.copy(order, spare, rows * 4);
  } else spread(spare, order, SERVICE_COLUMN, word(SERVICE_RANKS));
  let from = 0;
  for (let i = 1; i <= rows; i++) {
    if (i < rows && isOneGroup(load<i32>(order + i * 4 - 4), load<i32>(order + i * 4))) continue;
    sortGroup(order, spare, from, i);
    from = i;
  }
}

/** spread writes rows in the order of the rank of their text, and keeps their order where it is the same. */
function spread(source: i32, target: i32, column: i32, ranks: i32): void {
  const rows = word(ROWS);
  const starts = word(COUNTS);
  const numbers = numberAt(column, 0);
  const count = countOf(column);
  memory.fill(starts, 0, (count + 2) * 4);
  for (let i = 0; i < rows; i++) {
    const at = starts + (rankOf(load<i32>(source + i * 4), numbers, ranks, count) + 1) * 4;
    store<i32>(at, load<i32>(at) + 1);
  }
  for (let at = starts + 4; at < starts + (count + 2) * 4; at += 4) store<i32>(at, load<i32>(at) + load<i32>(at - 4));
  for (let i = 0; i < rows; i++) {
    const row = load<i32>(source + i * 4);
    const at = starts + rankOf(row, numbers, ranks, count) * 4;
    store<i32>(target + load<i32>(at) * 4, row);
    store<i32>(at, load<i32>(at) + 1);
  }
}

/** Whatever has no text stands behind all that have one. */
function rankOf(row: i32, numbers: i32, ranks: i32, count: i32): i32 {
  const number = load<i32>(numbers + row * 4);
  return number === NO_TEXT ? count : load<i32>(ranks + number * 4);
}

function isOneGroup(a: i32, b: i32): bool {
  return hasSame(SERVICE_COLUMN, a, b) && (word(SORT_COLUMN) === -1 || hasSame(word(SORT_COLUMN), a, b));
}

function hasSame(column: i32, a: i32, b: i32): bool {
  return load<i32>(numberAt(column, a)) === load<i32>(numberAt(column, b));
}

function isAfter(firstRow: i32, secondRow: i32): bool {
  const a = word(ROW_TABLE) + firstRow * ROW_BYTES;
  const b = word(ROW_TABLE) + secondRow * ROW_BYTES;
  if (load<i64>(a, ROW_NS) !== load<i64>(b, ROW_NS)) return load<i64>(a, ROW_NS) > load<i64>(b, ROW_NS);
  return memory.compare(load<i32>(a, ROW_LINE) + ID_AT, load<i32>(b, ROW_LINE) + ID_AT, ID_BYTES) > 0;
}

/** Lines mostly come in the order of time, so most groups are sorted; the others are merged from the bottom up. */
function sortGroup(order: i32, spare: i32, from: i32, to: i32): void {
  let i = from + 1;
  while (i < to && !isAfter(load<i32>(order + i * 4 - 4), load<i32>(order + i * 4))) i++;
  if (i >= to) return;
  let source = order;
  let target = spare;
  for (let width = 1; width < to - from; width *= 2) {
    for (let left = from; left < to; left += 2 * width) {
      const middle = min(left + width, to);
      mergeRuns(source, target, left, middle, min(middle + width, to));
    }
    const merged = target;
    target = source;
    source = merged;
  }
  if (source !== order) memory.copy(order + from * 4, source + from * 4, (to - from) * 4);
}

function mergeRuns(source: i32, target: i32, left: i32, middle: i32, end: i32): void {
  let right = middle;
  for (let at = left; at < end; at++) {
    const isRightNext =
      right < end && (left >= middle || isAfter(load<i32>(source + left * 4), load<i32>(source + right * 4)));
    store<i32>(target + at * 4, load<i32>(source + (isRightNext ? right++ : left++) * 4));
  }
}
