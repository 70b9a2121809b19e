import { fold } from "#app/core/fold.ts";
import { LEVELS } from "#app/core/level.ts";
import { parseDecimal, type Decimal } from "#app/core/query/decimal.ts";
import type { NumberBound, Predicate, TextField } from "#app/core/query/predicate.ts";
import { isWordAt, isWordBefore } from "#app/core/query/word-character.ts";
import { columnOf } from "#app/server/search/open-duckdb.ts";

export type SqlValue = string | bigint | number | null;

/** SqlCondition is an expression with `$1`, `$2`, … and their values. */
export interface SqlCondition {
  sql: string;
  values: SqlValue[];
}

/**
 * compileSql makes the SQL back end of a predicate, for an object with these promoted keys. It agrees with compileMatcher on
 * every entry. Names in the SQL come from the object's own list; all that a query brings is bound as a value.
 *
 * Every tag may be missing, which is NULL and true of no condition. AND and OR may leave NULL as it is, since WHERE takes
 * it for false; only `not` has to ask.
 */
export function compileSql(predicate: Predicate, promotedKeys: readonly string[], values: SqlValue[] = []): SqlCondition {
  const compiler = new SqlCompiler(promotedKeys, values);
  return { sql: compiler.compile(predicate), values };
}

const WORD_CLASS = "\\pL\\pN_";
const JSON_NUMBER = "-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?";

class SqlCompiler {
  readonly #promoted: ReadonlySet<string>;
  readonly #values: SqlValue[];

  constructor(promotedKeys: readonly string[], values: SqlValue[]) {
    this.#promoted = new Set(promotedKeys);
    this.#values = values;
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
        return isOneOf("level", LEVELS.filter((level) => predicate.values.includes(level)).map((level) => `'${level}'`));
      case "equals": {
        const column = this.#column(predicate.field);
        return isOneOf(column, predicate.values.map((value) => this.#bind(value)));
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
      case "regex": {
        const options = predicate.ignoreCase ? "i" : "c";
        return `regexp_matches(${this.#column(predicate.field)}, ${this.#bind(predicate.pattern)}, '${options}')`;
      }
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
    // As a JSON pointer, in which only two characters are special.
    const pointer = `/${field.key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return `json_extract_string(tags, ${this.#bind(pointer)})`;
  }

  /** What contains the text at all is found quickly; only that is then looked at for its borders. */
  #text({ text, openStart, openEnd }: Predicate & { kind: "text" }): string {
    const needle = fold(text.toWellFormed());
    const bordersStart = !openStart && isWordAt(needle, 0);
    const bordersEnd = !openEnd && isWordBefore(needle, needle.length);
    const contains = `contains(lower(message), ${this.#bind(needle)})`;
    if (!bordersStart && !bordersEnd) return contains;
    const pattern =
      (bordersStart ? `(\\A|[^${WORD_CLASS}])` : "") + quoteRegex(needle) + (bordersEnd ? `(\\z|[^${WORD_CLASS}])` : "");
    return `(${contains} and regexp_matches(lower(message), ${this.#bind(pattern)}, 's'))`;
  }

  /**
   * Doubles decide nearly always: rounding never turns an order around. Where they are equal the digits are compared, as
   * compareDecimals does.
   */
  #number(value: string, lower: NumberBound | null, upper: NumberBound | null): string {
    const isNumber = `regexp_full_match(${value}, '${JSON_NUMBER}')`;
    const sides = [this.#bound(value, lower, ">"), this.#bound(value, upper, "<")].filter((side) => side !== null);
    return sides.length === 0 ? isNumber : `(case when ${isNumber} then ${sides.join(" and ")} else false end)`;
  }

  #bound(value: string, bound: NumberBound | null, operator: ">" | "<"): string | null {
    const limit = bound === null ? null : parseDecimal(bound.literal);
    if (bound === null || limit === null) return null;
    const digits = this.#bind(limit.digits);
    const exponent = this.#bind(exponentText(limit.exponent));
    return `akavelog_compare(${value}, ${this.#bind(limit.sign)}, ${digits}, ${exponent}) ${operator}${bound.isInclusive ? "=" : ""} 0`;
  }
}

function isOneOf(column: string, values: string[]): string {
  if (values.length === 0) return "false";
  return values.length === 1 ? `(${column} = ${values[0]})` : `(${column} in (${values.join(", ")}))`;
}

/** quoteRegex makes a text match itself and nothing else. */
function quoteRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|\-/]/g, "\\$&").replaceAll("\0", "\\x00");
}

/** As text, because no number type of JavaScript is also one of the engine's 128 bits; infinite ones are as good as this. */
function exponentText(exponent: Decimal["exponent"]): string {
  if (exponent === Infinity) return INFINITE_EXPONENT;
  return exponent === -Infinity ? `-${INFINITE_EXPONENT}` : String(exponent);
}

const INFINITE_EXPONENT = `1${"0".repeat(37)}`;

/**
 * COMPARE_MACROS define `akavelog_compare(value, sign, digits, exponent)`: negative, zero or positive as the JSON number
 * literal `value` is less than, equal to or greater than `sign * 0.digits * 10 ** exponent`. Longer exponents than a
 * HUGEINT holds count as infinite, in core/query/decimal.ts too.
 */
export const COMPARE_MACROS: readonly string[] = [
  `create macro akavelog_written(value) as
     regexp_extract(value, '^-?([0-9]+)', 1) || regexp_extract(value, '\\.([0-9]+)', 1)`,
  `create macro akavelog_exponent(value) as (
     with parts as (
       select regexp_extract(value, '[eE]([+-]?)', 1) as sign, ltrim(regexp_extract(value, '[eE][+-]?([0-9]+)$', 1), '0') as digits
     )
     select 0)`,
];
