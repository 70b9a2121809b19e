import { LEVELS } from "#app/core/level.ts";
import { NS_PER_MS } from "#app/core/timestamp.ts";
import { levelIndexAt } from "#app/server/ingest/canonical-line.ts";
import type { GroupCount, Grouping } from "#app/server/search/group-counts.ts";
import { decodeText, hasTag, type Line } from "#app/server/search/line.ts";

/** Over this many groups new ones are no longer told apart: a tag with an id in each entry must not fill the memory. */
export const MAX_GROUPS = 10_000;
/** Longer values are counted together with those that found no room. */
export const MAX_VALUE_BYTES = 1_024;

/** GroupCounter counts canonical lines by combinations of values, comparing bytes and decoding at the end. */
export class GroupCounter {
  readonly #dimensions: Dimension[];
  /** Combinations of the first two dimensions, of those and the third, and so on. */
  readonly #pairs: Numbering[];
  readonly #counts: number[] = [];
  /** What was counted elsewhere, by values. */
  readonly #added = new Map<GroupValue, GroupCount>();
  /** Entries that belong to no group because there were too many. */
  ungrouped = 0;

  /** `slotOf` gives the slot in Line of a tag. */
  constructor(groupings: readonly Grouping[], slotOf: (key: string) => number) {
    this.#dimensions = groupings.map((grouping) => dimensionOf(grouping, slotOf));
    this.#pairs = groupings.slice(1).map(() => new Numbering());
  }

  count(line: Line, ms: number): void {
    let group = 0;
    for (let i = 0; i < this.#dimensions.length; i++) {
      const { read, numbering } = this.#dimensions[i] as Dimension;
      const value = read(line, ms);
      const number = value === undefined ? -1 : numbering.of(value);
      if (number === -1) group = -1;
      else group = i === 0 ? number : (this.#pairs[i - 1] as Numbering).of(group * PAIR + number);
      if (group === -1) {
        this.ungrouped++;
        return;
      }
    }
    this.#counts[group] = (this.#counts[group] ?? 0) + 1;
  }

  /** Adds what somebody else has counted by the same groupings. */
  add({ values, count }: GroupCount): void {
    const key = values.length === 1 ? (values[0] as GroupValue) : JSON.stringify(values);
    const known = this.#added.get(key);
    if (known !== undefined) known.count += count;
    else if (this.#added.size < MAX_GROUPS) this.#added.set(key, { values, count });
    else this.ungrouped += count;
  }

  groups(): GroupCount[] {
    for (const [group, count] of this.#counts.entries()) this.add({ values: this.#valuesOf(group), count });
    this.#counts.length = 0;
    return [...this.#added.values()];
  }

  #valuesOf(group: number): GroupValue[] {
    const values: GroupValue[] = [];
    for (let i = this.#dimensions.length - 1; i >= 0; i--) {
      const { numbering, decode } = this.#dimensions[i] as Dimension;
      const pair = i === 0 ? group : (this.#pairs[i - 1]?.values[group] as number);
      values.unshift(decode(numbering.values[i === 0 ? pair : pair % PAIR] as RawValue));
      group = Math.floor(pair / PAIR);
    }
    return values;
  }
}

type GroupValue = GroupCount["values"][number];

/** A text as it stands in the line, as latin1; a number; null for a tag that is not there. */
type RawValue = string | number | null;

interface Dimension {
  /** Undefined when the value is too long to be told apart. */
  read: (line: Line, ms: number) => RawValue | undefined;
  numbering: Numbering;
  decode: (raw: RawValue) => GroupValue;
}

/** Numberings end below it, so that two of them fit into one safe integer. */
const PAIR = 2 ** 20;

/** Numbering gives each value a small number; -1 once there are too many. */
class Numbering {
  readonly #numbers = new Map<RawValue, number>();
  readonly values: RawValue[] = [];

  of(value: RawValue): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    if (this.values.length >= MAX_GROUPS) return -1;
    this.#numbers.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}

function dimensionOf(grouping: Grouping, slotOf: (key: string) => number): Dimension {
  const numbering = new Numbering();
  switch (grouping.kind) {
    case "service":
      return {
        numbering,
        read: ({ bytes, slices }) => bytes.toString("latin1", slices.serviceStart, slices.serviceEnd),
        decode: decodeRaw,
      };
    case "level":
      return {
        numbering,
        read: ({ bytes, slices }) => levelIndexAt(bytes, slices.levelStart, slices.levelEnd),
        decode: (level) => LEVELS[level as number] as string,
      };
    case "tag": {
      const slot = slotOf(grouping.key);
      return { numbering, read: (line) => tagOf(line, slot), decode: decodeRaw };
    }
    case "time": {
      const originMs = Number(grouping.originNs / NS_PER_MS);
      const intervalMs = Number(grouping.intervalNs / NS_PER_MS);
      return {
        numbering,
        read: (_, ms) => Math.floor((ms - originMs) / intervalMs),
        decode: (interval) => interval,
      };
    }
  }
}

function tagOf(line: Line, slot: number): RawValue | undefined {
  if (!hasTag(line, slot)) return null;
  const start = line.tagStarts[slot] as number;
  const end = line.tagEnds[slot] as number;
  return end - start > MAX_VALUE_BYTES ? undefined : line.bytes.toString("latin1", start, end);
}

function decodeRaw(raw: RawValue): GroupValue {
  if (typeof raw !== "string") return raw;
  const bytes = Buffer.from(raw, "latin1");
  return decodeText(bytes, 0, bytes.length);
}
