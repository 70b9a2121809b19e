/** COMPARE_FUNCTION(value, literal) orders two JSON number literals by all their digits. */
export const COMPARE_FUNCTION = "akavelog_compare";

/** quoted writes a text of our own as SQL; nothing that a query names ever comes here. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** columnOf is the promoted column of a tag key. */
export function columnOf(promotedKey: string): string {
  return `"tags.${promotedKey}"`;
}
