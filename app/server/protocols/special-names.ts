import type { LineKernel } from "#app/server/ingest/line-kernel.ts";
import * as layout from "#app/server/kernel/layout.ts";
import { LEVEL_LABELS, SERVICE_HINTS, SERVICE_LABELS } from "#app/server/protocols/loki/labels.ts";
import { TRACE_NAMES } from "#app/server/protocols/trace-names.ts";

/** Names of tags that the kernel must not take for mere tags, and for whom. */
const SPECIAL_NAMES: readonly [name: Buffer, flag: number][] = [
  ...[...TRACE_NAMES].filter(([name, tag]) => name !== tag).map(([name]) => flagged(name, layout.SPECIAL_TRACE)),
  ...[...SERVICE_LABELS, ...LEVEL_LABELS].map((name) => flagged(name, layout.SPECIAL_LABEL)),
  ...SERVICE_HINTS.map((name) => flagged(name, layout.SPECIAL_HINT)),
];

function flagged(name: string, flag: number): [Buffer, number] {
  return [Buffer.from(name), flag];
}

const told = new WeakSet<LineKernel>();

/** tellSpecialNames lets a kernel know them, once. */
export function tellSpecialNames(kernel: LineKernel): void {
  if (told.has(kernel)) return;
  told.add(kernel);
  for (const [name, flag] of SPECIAL_NAMES) {
    name.copy(kernel.memory, layout.SEGMENT_AT);
    kernel.call.addSpecialName(layout.SEGMENT_AT, name.length, flag);
  }
}
