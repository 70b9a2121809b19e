import { formatTimestamp } from "#app/core/timestamp.ts";
import type { EntryKey, LineBlock } from "#app/server/compaction/line-block.ts";

/** lineBlock holds one line for each key; all have the same tags. */
export function lineBlock(keys: readonly EntryKey[], tagsJson = "{}"): LineBlock {
  const texts = keys.map(({ ms, subMsNs, id }) => {
    const head = `{"id":"${id}","timestamp":"${formatTimestamp({ ms, subMsNs })}"`;
    return `${head},"service":"s","level":"info","message":"m","tags":${tagsJson}}\n`;
  });
  const lines = Buffer.from(texts.join(""));
  const times = keys.map(({ ms }) => ms);
  return {
    entries: keys.length,
    rawBytes: lines.length,
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    read: (target) => void lines.copy(target),
  };
}

export function entryKey(ms: number, subMsNs: number, number: number): EntryKey {
  const index = number.toString(36).padStart(5, "0");
  return { ms, subMsNs, id: `019ab0c0-0000-7000-8000-000000000001-00000001-${index}` };
}
