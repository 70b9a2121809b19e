import { fold } from "#app/core/fold.ts";
import { LEVELS } from "#app/core/level.ts";
import type { NumberBound, Predicate, TextField } from "#app/core/query/predicate.ts";
import { isWordAt, isWordBefore } from "#app/core/query/word-character.ts";
import { requiredLiterals } from "#app/server/search/required-literals.ts";
import { COMPARE_FUNCTION, columnOf } from "#app/server/search/sql-names.ts";

export type SqlValue = string | bigint | number | null;

/** SqlCondition is an expression with `$1`, `$2`, … and their values. */
export interface SqlCondition {
  sql: string;
  values: SqlValue[];
}

/** KnownOfRows is what makes conditions cheaper on some rows; nothing of it changes what they say. */
export interface KnownOfRows {
  /** In which spellings the rows can have a text, or null when that is not known. */
  spellingsOf: (text: Predicate & { kind: "text" }) => string[] | null;
  /** No message has a character beyond ASCII, so there are no folds and no letters but those that RE2 knows by itself. */
  isAscii: boolean;
}

const NOTHING_KNOWN: KnownOfRows = { spellingsOf: () => null, isAscii: false };

/**
 * compileSql makes the SQL back end of a predicate, for an object with these promoted keys. It agrees with compileMatcher on
 * every entry. Names in the SQL come from the object's own list; all that a query brings is bound as a value.
 *
 * Every tag may be missing, which is NULL and true of no condition. AND and OR may leave NULL as it is, since WHERE takes
 * it for false; only `not` has to ask.
 */
export function compileSql(
  predicate: Predicate,
  promotedKeys: readonly string[],
  values: SqlValue[] = [],
  known: KnownOfRows = NOTHING_KNOWN,
): SqlCondition {
  const compiler = new SqlCompiler(promotedKeys, values, known);
  return { sql: compiler.compile(predicate), values };
}

const WORD_CLASS = "\\pL\\pN_";
const JSON_NUMBER = "-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?";

class SqlCompiler {
  readonly #promoted: ReadonlySet<string>;
  readonly #values: SqlValue[];
  readonly #known: KnownOfRows;

  constructor(promotedKeys: readonly string[], values: SqlValue[], known: KnownOfRows) {
    this.#promoted = new Set(promotedKeys);
    this.#values = values;
    this.#known = known;
  }

  compile(predicate: Predicate): string {
    switch (predicate.kind) {
      case "all":
        return this.#join(predicate.of, " and ", "true");
      case "any":
        return this.#join(predicate.of, " or ", "false");
      case "not":
        return `((${this.compile(predicate.of)}) is not true)`;
      case "level":
        return isOneOf(
          "level",
          LEVELS.filter((level) => predicate.values.includes(level)).map((level) => `'${level}'`),
        );
      case "equals": {
        const column = this.#column(predicate.field);
        return isOneOf(
          column,
          predicate.values.map((value) => this.#bind(value)),
        );
      }
      case "present":
        return `(${this.#column({ name: "tag", key: predicate.key })} is not null)`;
      case "text":
        return this.#text(predicate);
      case "affix": {
        const { openStart, openEnd } = predicate;
        const test = openStart && openEnd ? "contains" : openEnd ? "starts_with" : "ends_with";
        return `${test}(${this.#column(predicate.field)}, ${this.#bind(predicate.text)})`;
      }
      case "regex":
        return this.#regex(predicate);
      case "number":
        return this.#number(this.#column(predicate.field), predicate.lower, predicate.upper);
    }
  }

  #join(of: Predicate[], operator: string, none: string): string {
    return of.length === 0 ? none : `(${of.map((one) => this.compile(one)).join(operator)})`;
  }

  #bind(value: SqlValue): string {
    this.#values.push(value);
    return `$${this.#values.length}`;
  }

  #column(field: TextField): string {
    if (field.name !== "tag") return field.name;
    if (this.#promoted.has(field.key)) return columnOf(field.key);
    return `json_extract_string(tags, ${this.#bind(jsonPointer(field.key))})`;
  }

  /** What contains the text at all is found quickly; only that is then looked at for its borders. */
  #text(predicate: Predicate & { kind: "text" }): string {
    const { text, openStart, openEnd } = predicate;
    const needle = fold(text.toWellFormed());
    const bordersStart = !openStart && isWordAt(needle, 0);
    const bordersEnd = !openEnd && isWordBefore(needle, needle.length);
    const isAscii = this.#known.isAscii && /^[\0-\x7f]*$/.test(needle);
    const spellings = isAscii && !/[a-z]/.test(needle) ? [needle] : this.#known.spellingsOf(predicate);
    // The border of RE2 is that between ASCII's letters, digits and `_`, and others; its `i` knows more folds than ours.
    const matches = (pattern: string) =>
      isAscii
        ? `regexp_matches(message, ${this.#bind(`(?i)${pattern}`)}, 's')`
        : `regexp_matches(lower(message), ${this.#bind(pattern)}, 's')`;
    const contains =
      spellings !== null
        ? `(${spellings.map((spelled) => `contains(message, ${this.#bind(spelled)})`).join(" or ")})`
        : isAscii
          ? matches(quoteRegex(needle))
          : `contains(lower(message), ${this.#bind(needle)})`;
    if (!bordersStart && !bordersEnd) return contains;
    const [start, end] = isAscii ? ["\\b", "\\b"] : [`(\\A|[^${WORD_CLASS}])`, `(\\z|[^${WORD_CLASS}])`];
    return `(${contains} and ${matches((bordersStart ? start : "") + quoteRegex(needle) + (bordersEnd ? end : ""))})`;
  }

  #regex({ field, pattern, ignoreCase }: Predicate & { kind: "regex" }): string {
    const column = this.#column(field);
    const matches = `regexp_matches(${column}, ${this.#bind(pattern)}, '${ignoreCase ? "i" : "c"}')`;
    const literals = ignoreCase || field.name !== "message" ? null : requiredLiterals(pattern);
    if (literals === null) return matches;
    const contains = literals.map((literal) => `contains(message, ${this.#bind(literal)})`);
    return `((${contains.join(" or ")}) and ${matches})`;
  }

  /**
   * Doubles decide nearly always: rounding never turns an order around. Only where they are equal, or no double holds the
   * exponent, are all digits compared, by the very function that the matcher uses.
   */
  #number(value: string, lower: NumberBound | null, upper: NumberBound | null): string {
    const isNumber = `regexp_full_match(${value}, '${JSON_NUMBER}')`;
    const sides = [this.#bound(value, lower, ">"), this.#bound(value, upper, "<")].filter((side) => side !== null);
    return sides.length === 0 ? isNumber : `(case when ${isNumber} then ${sides.join(" and ")} else false end)`;
  }

  #bound(value: string, bound: NumberBound | null, operator: ">" | "<"): string | null {
    if (bound === null) return null;
    const literal = this.#bind(bound.literal);
    const number = `try_cast(${value} as double)`;
    const limit = `try_cast(${literal} as double)`;
    const exact = `${COMPARE_FUNCTION}(${value}, ${literal}) ${operator}${bound.isInclusive ? "=" : ""} 0`;
    const opposite = operator === ">" ? "<" : ">";
    return `(case when ${number} ${operator} ${limit} then true when ${number} ${opposite} ${limit} then false else ${exact} end)`;
  }
}

/** jsonPointer leads to a tag in the rest of an object's tags; only two characters are special in it. */
export function jsonPointer(tagKey: string): string {
  return `/${tagKey.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function isOneOf(column: string, values: string[]): string {
  if (values.length === 0) return "false";
  return values.length === 1 ? `(${column} = ${values[0]})` : `(${column} in (${values.join(", ")}))`;
}

/** quoteRegex makes a text match itself and nothing else. */
function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|\-/]/g, "\\$&").replaceAll("\0", "\\x00");
}
