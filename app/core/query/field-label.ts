import { printFieldName, type QueryField } from "#app/core/query/field-name.ts";
import { levelIn, not, type Predicate } from "#app/core/query/predicate.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import { LEVELS } from "#app/core/level.ts";

const TAGS_PREFIX = "tags.";
const BUILT_IN: ReadonlySet<string> = new Set(["service", "message", "level", "timestamp"]);

/**
 * A field's label is its name in facets and columns: `service`, `level`, or a tag's key, which gets the prefix `tags.`
 * where it would be taken for something else.
 */
export function labelOfTag(key: string): string {
  return BUILT_IN.has(key) || key.startsWith(TAGS_PREFIX) ? TAGS_PREFIX + key : key;
}

/** fieldOfLabel is the field that a label names. */
export function fieldOfLabel(label: string): QueryField {
  if (label === "service" || label === "message" || label === "level") return { name: label };
  return { name: "tag", key: label.startsWith(TAGS_PREFIX) ? label.slice(TAGS_PREFIX.length) : label };
}

/** labelOf is the label of a field. */
export function labelOf(field: QueryField): string {
  return field.name === "tag" ? labelOfTag(field.key) : field.name;
}

/** printLabel writes a label as a query names its field. */
export function printLabel(label: string): string {
  return printFieldName(fieldOfLabel(label));
}

/** conditionOn is "the field has one of these values", or none of them. */
export function conditionOn(label: string, values: readonly string[], isExcluded: boolean): Predicate {
  const field = fieldOfLabel(label);
  let condition: Predicate;
  if (field.name === "message") condition = { kind: "text", text: values[0] ?? "", openStart: false, openEnd: false };
  else if (field.name === "level") condition = levelIn(LEVELS.filter((level) => values.includes(level)));
  else condition = { kind: "equals", field, values: [...values] };
  return isExcluded ? not(condition) : condition;
}

/** printCondition writes a condition on a field as part of a query. */
export function printCondition(label: string, values: readonly string[], isExcluded: boolean): string {
  return printQuery(conditionOn(label, values, isExcluded));
}
