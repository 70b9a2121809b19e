import { fail, utf8Length, type Reader } from "#app/core/query/reader.ts";
import { isWordPoint } from "#app/core/query/word-character.ts";

/** Longer keys are refused when entries come in. */
const MAX_KEY_BYTES = 256;
const TAGS_PREFIX = "tags.";
/** Names of fields that are no tags; a tag of the same name needs the prefix. */
const BUILT_IN: ReadonlySet<string> = new Set(["service", "message", "level"]);

export type QueryField = { name: "service" } | { name: "message" } | { name: "level" } | { name: "tag"; key: string };

/**
 * readFieldName reads `name:` and returns the field, or null (and reads nothing) where a word stands: no colon, no name
 * before it, or `::` and `://` behind it, as in `std::vector` and `http://host`.
 */
export function readFieldName(reader: Reader): QueryField | null {
  const { text, at: start } = reader;
  let name = "";
  for (let at = start; at < text.length;) {
    const point = text.codePointAt(at) as number;
    const character = String.fromCodePoint(point);
    if (character === ":") {
      if (name === "" || text[at + 1] === ":" || text.startsWith("//", at + 1)) return null;
      reader.at = at + 1;
      return fieldOf(name, start);
    }
    if (character === "\\") {
      const escaped = text.codePointAt(at + 1);
      if (escaped === undefined) return null;
      name += String.fromCodePoint(escaped);
      at += 1 + String.fromCodePoint(escaped).length;
      continue;
    }
    if (!isNamePoint(point, name)) return null;
    name += character;
    at += character.length;
  }
  return null;
}

/** printFieldName writes a field so that readFieldName reads it back. */
export function printFieldName(field: QueryField): string {
  if (field.name !== "tag") return field.name;
  const isTaken = field.key.startsWith(TAGS_PREFIX) || BUILT_IN.has(field.key);
  let name = "";
  for (const prefix of [isTaken ? TAGS_PREFIX : "", TAGS_PREFIX]) {
    let isPlain = true;
    name = prefix;
    for (const character of field.key) {
      const isName = isNamePoint(character.codePointAt(0) as number, name);
      isPlain &&= isName;
      name += isName ? character : `\\${character}`;
    }
    if (isPlain) break;
  }
  return name;
}

/**
 * `/` and `@` are in Kubernetes' and Logstash's names, and in paths and addresses as well; only behind `tags.` is it
 * certain that a name is meant. So it is with a digit at the start, as in `10:30`.
 */
function isNamePoint(point: number, before: string): boolean {
  const character = String.fromCodePoint(point);
  if (before.startsWith(TAGS_PREFIX)) return isWordPoint(point) || ".-/@".includes(character);
  if (before === "") return (isWordPoint(point) && !/\d/.test(character)) || character === "@";
  return isWordPoint(point) || ".-".includes(character);
}

function fieldOf(name: string, position: number): QueryField {
  if (name === "service" || name === "message" || name === "level") return { name };
  const key = name.startsWith(TAGS_PREFIX) ? name.slice(TAGS_PREFIX.length) : name;
  if (key === "") fail(position, "Expected a tag's name after 'tags.', as in tags.host:web-1.");
  if (utf8Length(key) > MAX_KEY_BYTES) fail(position, `Expected a tag's name of at most ${MAX_KEY_BYTES} bytes.`);
  return { name: "tag", key };
}
