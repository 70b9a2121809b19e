import type { JsonValue } from "#app/server/protocols/json/json-reader.ts";

/** Members are the fields of one record, as `normaliseRecord` takes them. */
export type Members = Map<string, JsonValue>;

/** textValue is a text from another wire format in the shape in which records are normalised. */
export function textValue(text: string): JsonValue {
  return { kind: "string", text };
}

/** numberValue takes the digits, since a double keeps only 15 of them. */
export function numberValue(digits: string): JsonValue {
  return { kind: "number", text: digits };
}

/** nanosecondsValue is a time in nanoseconds, however few its digits: numbers of other formats go by their magnitude. */
export function nanosecondsValue(digits: string): JsonValue {
  const padded = digits.padStart(10, "0");
  return numberValue(`${padded.slice(0, -9)}.${padded.slice(-9)}`);
}

/** objectValue is an object made of members. */
export function objectValue(members: Members): JsonValue {
  return {
    kind: "object",
    members,
    get text() {
      return jsonTextOf(members);
    },
  };
}

/** jsonTextOf writes members as JSON text. */
export function jsonTextOf(members: Members): string {
  const parts: string[] = [];
  for (const [key, value] of members) parts.push(`${JSON.stringify(key)}:${jsonText(value)}`);
  return `{${parts.join(",")}}`;
}

/** jsonText is a value as JSON text; the texts of strings are without quotes. */
export function jsonText(value: JsonValue): string {
  return value.kind === "string" ? JSON.stringify(value.text) : value.text;
}
