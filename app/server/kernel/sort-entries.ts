import {
  BATCH_ENTRIES,
  BATCH_GROUP_STARTS,
  BATCH_MS,
  BATCH_ORDER,
  BATCH_RANKS,
  BATCH_SERVICES,
  BATCH_SERVICE_OF,
  BATCH_SPARE,
  BATCH_SUB_MS_NS,
} from "./layout";
import { isAfter, word } from "./batch";

/**
 * sortEntries orders a batch by service, time, arrival. `ranks` says where in their order each service stands; the group
 * starts say afterwards where each begins, and where the last ends.
 */
export function sortEntries(): void {
  const entries = word(BATCH_ENTRIES);
  const services = word(BATCH_SERVICES);
  const ranks = word(BATCH_RANKS);
  const serviceOf = word(BATCH_SERVICE_OF);
  const starts = word(BATCH_GROUP_STARTS);
  const order = word(BATCH_ORDER);
  // Counted one place further on, starts become the next free place of each group, and then the next group's start.
  memory.fill(starts, 0, (services + 2) * 4);
  for (let i = 0; i < entries; i++) {
    const count = starts + (rankOf(ranks, serviceOf, i) + 2) * 4;
    store<i32>(count, load<i32>(count) + 1);
  }
  for (let r = 2; r < services + 2; r++) {
    store<i32>(starts + r * 4, load<i32>(starts + r * 4) + load<i32>(starts + r * 4 - 4));
  }
  for (let i = 0; i < entries; i++) {
    const next = starts + (rankOf(ranks, serviceOf, i) + 1) * 4;
    store<i32>(order + load<i32>(next) * 4, i);
    store<i32>(next, load<i32>(next) + 1);
  }
  for (let r = 0; r < services; r++) sortGroup(load<i32>(starts + r * 4), load<i32>(starts + r * 4 + 4));
}

function rankOf(ranks: i32, serviceOf: i32, entry: i32): i32 {
  return load<i32>(ranks + load<i32>(serviceOf + entry * 4) * 4);
}

/** Senders mostly send in time order, so most groups are sorted; the others are merged from the bottom up, which is stable. */
function sortGroup(from: i32, to: i32): void {
  const order = word(BATCH_ORDER);
  const ms = word(BATCH_MS);
  const subMsNs = word(BATCH_SUB_MS_NS);
  let i = from + 1;
  while (i < to && !isAfter(load<i32>(order + i * 4 - 4), load<i32>(order + i * 4), ms, subMsNs)) i++;
  if (i >= to) return;
  let source = order;
  let target = word(BATCH_SPARE);
  for (let width = 1; width < to - from; width *= 2) {
    for (let left = from; left < to; left += 2 * width) {
      const middle = min(left + width, to);
      mergeRuns(source, target, left, middle, min(middle + width, to), ms, subMsNs);
    }
    const merged = target;
    target = source;
    source = merged;
  }
  if (source !== order) memory.copy(order + from * 4, source + from * 4, (to - from) * 4);
}

function mergeRuns(source: i32, target: i32, left: i32, middle: i32, end: i32, ms: i32, subMsNs: i32): void {
  let right = middle;
  for (let at = left; at < end; at++) {
    const isRightNext =
      right < end &&
      (left >= middle || isAfter(load<i32>(source + left * 4), load<i32>(source + right * 4), ms, subMsNs));
    store<i32>(target + at * 4, load<i32>(source + (isRightNext ? right++ : left++) * 4));
  }
}
