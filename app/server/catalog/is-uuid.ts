const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** isUuid tells ids from other text before it reaches a uuid column, where anything else is an error and not just unknown. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
