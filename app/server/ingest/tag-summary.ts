import type { TagSummary } from "#app/server/ingest/batch-catalog.ts";
import type { LineKernel } from "#app/server/ingest/line-kernel.ts";
import * as layout from "#app/server/kernel/layout.ts";

/** readTagSummary returns the distinct tag values of the lines that the kernel composed since they were last cleared. */
export function readTagSummary({ call, memory }: Pick<LineKernel, "call" | "memory">): TagSummary {
  const keys: [string, string[] | null][] = [];
  for (let key = 0; key < call.tagKeys(); key++) {
    const slot = layout.TAG_SLOTS_AT + key * layout.TAG_KEY_SLOT_BYTES;
    const count = memory.readInt32LE(slot + 8);
    const values = Array.from({ length: count }, (_, value) => textAt(memory, slot + 12 + value * 8));
    keys.push([textAt(memory, slot), count === -1 ? null : values.sort()]);
  }
  return { complete: call.tagsAreComplete() !== 0, keys: Object.fromEntries(keys) };
}

function textAt(memory: Buffer, place: number): string {
  const start = memory.readInt32LE(place);
  return JSON.parse(`"${memory.toString("utf8", start, start + memory.readInt32LE(place + 4))}"`) as string;
}
