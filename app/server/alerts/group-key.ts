import { WHOLE } from "#app/core/alert-state.ts";

/** A value may be empty, so it stands behind a sign that tells it from no group at all. */
const VALUE = "=";

/** groupKeyOf makes a value the key of its group. PostgreSQL keeps no NUL; two values that differ in it alone are one group. */
export function groupKeyOf(value: string): string {
  return VALUE + value.replaceAll("\0", "\ufffd");
}

/** groupOf is the value of a group's key; null for a rule without groups. */
export function groupOf(groupKey: string): string | null {
  return groupKey === WHOLE ? null : groupKey.slice(VALUE.length);
}
