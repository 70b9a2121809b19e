import type { Level } from "#app/core/level.ts";

/**
 * Predicate is what a query asks of one entry. It compiles to a matcher over canonical lines, and to SQL for objects
 * that an engine scans; both must agree on every entry.
 */
export type Predicate =
  | { kind: "all"; of: Predicate[] }
  /** The whole service, one of these, in exact case. */
  | { kind: "service"; values: string[] }
  | { kind: "level"; values: Level[] }
  /** The tag is there and its whole value is this one, in exact case. */
  | { kind: "tag"; key: string; value: string }
  /** The message contains this text, whatever the case. */
  | { kind: "contains"; text: string };
