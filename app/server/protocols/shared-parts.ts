import { LEVELS, type Level } from "#app/core/level.ts";
import { levelSegment, serviceSegment } from "#app/server/ingest/entry-block.ts";
import type { LineKernel } from "#app/server/ingest/line-kernel.ts";
import * as layout from "#app/server/kernel/layout.ts";

/** SharedParts is what many records say once, spelled as their lines have it. */
export interface SharedParts {
  service: Buffer;
  level: Buffer;
  levelNumber: number;
  /** `"key":"value"` with commas between; empty when there are none. */
  tags: Buffer;
  /** Where in `tags` each key begins and ends. */
  keys: [start: number, end: number][];
}

export interface SharedFields {
  service: string;
  level: Level;
  levelOriginal: string | null;
  tags: ReadonlyMap<string, string>;
}

/**
 * spellSharedParts returns null when it is more than the kernel has room for, or when the tags are not the `sent` ones one by
 * one: then it decides with each record what they become, and in which order.
 */
export function spellSharedParts(
  { service, level, levelOriginal, tags }: SharedFields,
  sent: ReadonlyMap<string, unknown>,
): SharedParts | null {
  if (tags.size > layout.MAX_COMPOSED_TAGS || !hasSameKeys(tags, sent)) return null;
  const keys: [number, number][] = [];
  const texts: string[] = [];
  let at = 0;
  for (const [key, value] of tags) {
    const [keyText, valueText] = [JSON.stringify(key), JSON.stringify(value)];
    const keyBytes = Buffer.byteLength(keyText);
    keys.push([at + 1, at + keyBytes - 1]);
    texts.push(`${keyText}:${valueText}`);
    // Behind the key a colon, behind the value a comma.
    at += keyBytes + Buffer.byteLength(valueText) + 2;
  }
  const parts = {
    service: serviceSegment(service),
    level: levelSegment(level, levelOriginal ?? ""),
    levelNumber: LEVELS.indexOf(level),
    tags: Buffer.from(texts.join(",")),
    keys,
  };
  const isTooLong =
    parts.tags.length > layout.MAX_SHARED_TAGS_BYTES ||
    Math.max(parts.service.length, parts.level.length) > layout.MAX_SEGMENT_BYTES;
  return isTooLong ? null : parts;
}

function hasSameKeys(tags: ReadonlyMap<string, unknown>, sent: ReadonlyMap<string, unknown>): boolean {
  const keys = [...tags.keys()];
  return keys.length === sent.size && [...sent.keys()].every((key, i) => key === keys[i]);
}

/** placeSharedParts gives them to the kernel, for the records that it takes from now on; `serviceNumber` is the block's. */
export function placeSharedParts({ memory, shared }: LineKernel, parts: SharedParts, serviceNumber: number): void {
  parts.service.copy(memory, layout.SHARED_SERVICE_AT);
  parts.level.copy(memory, layout.SHARED_LEVEL_AT);
  parts.tags.copy(memory, layout.SHARED_TAGS_AT);
  shared[layout.SHARED_SERVICE_BYTES] = parts.service.length;
  shared[layout.SHARED_SERVICE_NUMBER] = serviceNumber;
  shared[layout.SHARED_LEVEL_BYTES] = parts.level.length;
  shared[layout.SHARED_LEVEL_NUMBER] = parts.levelNumber;
  shared[layout.SHARED_TAGS_BYTES] = parts.tags.length;
  shared[layout.SHARED_KEYS] = parts.keys.length;
  parts.keys.forEach(([start, end], i) => {
    memory.writeUInt32LE(layout.SHARED_TAGS_AT + start, layout.COMPOSED_KEYS_AT + i * 8);
    memory.writeUInt32LE(layout.SHARED_TAGS_AT + end, layout.COMPOSED_KEYS_AT + i * 8 + 4);
  });
}
