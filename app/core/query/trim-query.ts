/** trimQuery takes away the space around a query, but not one that a backslash makes part of its last word. */
export function trimQuery(text: string): string {
  const trimmed = text.trimEnd();
  const backslashes = /\\*$/.exec(trimmed)?.[0].length ?? 0;
  return text.slice(0, trimmed.length + (backslashes % 2)).trimStart();
}
