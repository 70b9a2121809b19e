import {
  BATCH_COUNTED_AS,
  BATCH_COUNTS,
  BATCH_COUNT_SLOTS,
  BATCH_ENTRIES,
  BATCH_LEVEL_OF,
  BATCH_MS,
  BATCH_ORDER,
  BATCH_RANKS,
  BATCH_SERVICE_OF,
  BATCH_SLOTS,
  COUNT_BYTES,
} from "./layout";
import { word } from "./batch";

const MS_PER_MINUTE: f64 = 60_000;

/**
 * countMinutes counts the entries of each service, minute and level, in the order of their first entries: four words
 * each, the service as `countedAs` says for its rank, the minute since 1970, the level, the count. It returns how many
 * there are. Slots are a table with open addressing, a power of two and twice as many as entries.
 */
export function countMinutes(): i32 {
  const entries = word(BATCH_ENTRIES);
  const order = word(BATCH_ORDER);
  const ms = word(BATCH_MS);
  const levelOf = word(BATCH_LEVEL_OF);
  const counts = word(BATCH_COUNTS);
  const slots = word(BATCH_SLOTS);
  const mask = word(BATCH_COUNT_SLOTS) - 1;
  memory.fill(slots, 0, (mask + 1) * 4);
  let counted = 0;
  let last = 0;
  for (let i = 0; i < entries; i++) {
    const entry = load<i32>(order + i * 4);
    const rank = load<i32>(word(BATCH_RANKS) + load<i32>(word(BATCH_SERVICE_OF) + entry * 4) * 4);
    const service = load<i32>(word(BATCH_COUNTED_AS) + rank * 4);
    const minute = floor(load<f64>(ms + entry * 8) / MS_PER_MINUTE) as i32;
    const level: i32 = load<u8>(levelOf + entry);
    if (last === 0 || !isCount(last, service, minute, level)) {
      let slot = (service * 0x2545f491 + minute * 0x1b873593 + level * 0x7feb352d) >>> 7;
      while (true) {
        slot &= mask;
        last = load<i32>(slots + slot * 4);
        if (last === 0) {
          last = counts + counted++ * COUNT_BYTES;
          store<i32>(last, service);
          store<i32>(last, minute, 4);
          store<i32>(last, level, 8);
          store<i32>(last, 0, 12);
          store<i32>(slots + slot * 4, last);
          break;
        }
        if (isCount(last, service, minute, level)) break;
        slot++;
      }
    }
    store<i32>(last, load<i32>(last, 12) + 1, 12);
  }
  return counted;
}

function isCount(count: i32, service: i32, minute: i32, level: i32): bool {
  return load<i32>(count) === service && load<i32>(count, 4) === minute && load<i32>(count, 8) === level;
}
