/** Grouping is one thing to group entries by. Times fall into `[originNs + n * intervalNs, originNs + (n + 1) * intervalNs)`. */
export type Grouping =
  | { kind: "service" }
  | { kind: "level" }
  | { kind: "tag"; key: string }
  | { kind: "time"; originNs: bigint; intervalNs: bigint };

/**
 * GroupCount is how many matching entries have these values, one for each grouping of a list: text, `null` for a tag that is
 * not there, and for a time the bucket's number n.
 */
export interface GroupCount {
  values: (string | number | null)[];
  count: number;
}
