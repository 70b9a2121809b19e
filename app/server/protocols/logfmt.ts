import { FIELD_SYNONYMS } from "#app/server/protocols/json/normalise-record.ts";
import { textValue, type Members } from "#app/server/protocols/json-text.ts";

const PAIR = /([A-Za-z_@][\w.\-@/]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"=]*))(?:\s+|$)/y;
/** A line with more pairs than an entry may have tags is text. */
const MAX_PAIRS = 256;
const TELLING: ReadonlySet<string> = new Set([...FIELD_SYNONYMS.level, ...FIELD_SYNONYMS.message]);

/**
 * readLogfmt reads a line that is `key=value` pairs and nothing else, or returns null. Prose may hold a pair as well, so at
 * least two are asked for, and one of them has to be a level or a message.
 */
export function readLogfmt(line: string): Members | null {
  const members: Members = new Map();
  let isTelling = false;
  const text = line.trim();
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const match = PAIR.exec(text);
    if (match === null || members.size >= MAX_PAIRS) return null;
    const [, key = "", quoted, bare = ""] = match;
    members.set(key, textValue(quoted === undefined ? bare : unescape(quoted)));
    isTelling ||= TELLING.has(key);
  }
  return isTelling && members.size >= 2 ? members : null;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
}
