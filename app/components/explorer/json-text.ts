export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Beyond this a message is shown as text: its tree would hold more than anybody opens. */
const MAX_LENGTH = 2 * 1024 * 1024;

/** parseJsonText returns the object or array that a text is, or that follows a short prefix in it; null otherwise. */
export function parseJsonText(text: string): { prefix: string; value: Json[] | { [key: string]: Json } } | null {
  if (text.length > MAX_LENGTH) return null;
  const start = /^[^{[]{0,200}(?=[{[])/.exec(text)?.[0];
  if (start === undefined) return null;
  try {
    const value = JSON.parse(text.slice(start.length)) as Json;
    return typeof value === "object" && value !== null ? { prefix: start.trim(), value } : null;
  } catch {
    // Most messages with a brace in them are no JSON, and are shown as they are.
    return null;
  }
}

/** childrenOf lists what an object or array holds. */
export function childrenOf(value: Json[] | { [key: string]: Json }): [key: string, value: Json][] {
  return Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value);
}

/** previewOf is a value in short, for a branch that is closed. */
export function previewOf(value: Json[] | { [key: string]: Json }): string {
  const count = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (Array.isArray(value)) return count === 0 ? "[]" : `[ ${count} ${count === 1 ? "item" : "items"} ]`;
  return count === 0 ? "{}" : `{ ${count} ${count === 1 ? "field" : "fields"} }`;
}
