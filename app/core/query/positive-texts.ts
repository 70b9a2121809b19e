import type { Predicate } from "#app/core/query/predicate.ts";

/** PositiveText is a text whose places in a message a query's matches are shown at. */
export interface PositiveText {
  text: string;
  openStart: boolean;
  openEnd: boolean;
}

/** positiveTexts lists the texts that a query looks for in messages; what it excludes is not there to be shown. */
export function positiveTexts(predicate: Predicate): PositiveText[] {
  switch (predicate.kind) {
    case "all":
    case "any":
      return predicate.of.flatMap(positiveTexts);
    case "text": {
      const { text, openStart, openEnd } = predicate;
      return [{ text, openStart, openEnd }];
    }
    case "not":
    case "level":
    case "equals":
    case "present":
    case "affix":
    case "regex":
    case "number":
      return [];
  }
}
