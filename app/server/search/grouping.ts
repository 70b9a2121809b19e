/** Grouping is a part of what entries are counted by; several together count each combination. */
export type Grouping =
  | { kind: "service" }
  | { kind: "level" }
  | { kind: "tag"; key: string }
  /** The value is the number of whole intervals since the origin; both are whole milliseconds. */
  | { kind: "time"; originNs: bigint; intervalNs: bigint };

/** A text, an interval's number, or null for a tag that is not there. */
export type GroupValue = string | number | null;

/** GroupCount is how many entries have these values, one for each grouping in their order. */
export interface GroupCount {
  values: GroupValue[];
  count: number;
}

/** Over this many groups new ones are no longer told apart: a tag with an id in each entry must not fill the memory. */
export const MAX_GROUPS = 10_000;
/** Longer values are counted together with those that found no room. */
export const MAX_GROUP_VALUE_BYTES = 1_024;
