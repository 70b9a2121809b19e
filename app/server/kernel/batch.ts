import {
  BATCH_ENDS,
  BATCH_INDEX_OF,
  BATCH_PREFIX_OF,
  BATCH_SERVICE_OF,
  BATCH_TAGS_START,
  BATCH_WORDS_AT,
} from "./layout";

/*
 * A batch lies where its caller put it, and its words say where that is. Its columns come as they were in the requests
 * that it was made of, so each run of entries is put into its place first.
 */

/** word is a word of the batch, which layout.ts names. */
export function word(name: i32): i32 {
  return load<i32>(BATCH_WORDS_AT + name * 4);
}

/**
 * placeRun makes the columns of entries `[first, first + count)`, which are one request's from `index` on, those of the
 * batch: offsets grow by `shift`, services get the batch's numbers.
 */
export function placeRun(run: i32, index: i32, first: i32, count: i32, shift: i32, serviceNumbers: i32): void {
  const ends = word(BATCH_ENDS);
  const tagsStart = word(BATCH_TAGS_START);
  const serviceOf = word(BATCH_SERVICE_OF);
  const prefixOf = word(BATCH_PREFIX_OF);
  const indexOf = word(BATCH_INDEX_OF);
  const end = (first + count) * 4;
  for (let at = first * 4; at < end; at += 4) {
    store<i32>(ends + at, load<i32>(ends + at) + shift);
    store<i32>(tagsStart + at, load<i32>(tagsStart + at) + shift);
    store<i32>(serviceOf + at, load<i32>(serviceNumbers + load<i32>(serviceOf + at) * 4));
    store<i32>(prefixOf + at, run);
    store<i32>(indexOf + at, index++);
  }
}

/** isAfter tells whether entry `a` has a later time than `b`. */
export function isAfter(a: i32, b: i32, ms: i32, subMsNs: i32): bool {
  const difference = load<f64>(ms + a * 8) - load<f64>(ms + b * 8);
  return difference > 0 || (difference === 0 && load<u32>(subMsNs + a * 4) > load<u32>(subMsNs + b * 4));
}
