import type { Level } from "#app/core/level.ts";
import { labelOfTag } from "#app/core/query/field-label.ts";

/** Entry is one log line as the API answers it. */
export interface Entry {
  timestamp: string;
  service: string;
  level: Level;
  levelOriginal?: string;
  message: string;
  tags: Readonly<Record<string, string>>;
  /** `batch` and `key` name the object that holds it; null while it has none. */
  ref: { id: string; batch: string | null; key: string | null };
}

/** valueOf is an entry's value of a field, by the field's label; undefined when it has none. */
export function valueOf(entry: Entry, label: string): string | undefined {
  if (label === "service") return entry.service;
  if (label === "level") return entry.level;
  if (label === "message") return entry.message;
  const key = label.startsWith("tags.") ? label.slice("tags.".length) : label;
  return Object.hasOwn(entry.tags, key) ? entry.tags[key] : undefined;
}

/** Numbers in names count as such: `item2` stands before `item10`. */
const LABEL_ORDER = new Intl.Collator("en", { numeric: true });

/** tagLabels lists the labels of an entry's tags in the order of the alphabet. */
export function tagLabels(entry: Entry): string[] {
  return Object.keys(entry.tags).map(labelOfTag).sort(LABEL_ORDER.compare);
}
