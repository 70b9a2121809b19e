import { fold } from "#app/core/fold.ts";
import { LEVELS } from "#app/core/level.ts";
import type { Predicate } from "#app/core/predicate.ts";
import { levelIndexAt, type LineSlices } from "#app/server/ingest/canonical-line.ts";

/** Matcher decides about the canonical line in `bytes` whose parts `slices` names. */
export type Matcher = (bytes: Buffer, slices: LineSlices) => boolean;

/** compileMatcher makes the TypeScript back end of a predicate; it compares bytes as far as it can and decodes only then. */
export function compileMatcher(predicate: Predicate): Matcher {
  switch (predicate.kind) {
    case "all": {
      const matchers = predicate.of.map(compileMatcher);
      return (bytes, slices) => matchers.every((matches) => matches(bytes, slices));
    }
    case "service": {
      const services = predicate.values.map(canonicalText);
      return (bytes, slices) =>
        services.some((service) => isText(bytes, slices.serviceStart, slices.serviceEnd, service));
    }
    case "level": {
      const wanted = LEVELS.map((level) => predicate.values.includes(level));
      return (bytes, slices) => wanted[levelIndexAt(bytes, slices.levelStart, slices.levelEnd)] === true;
    }
    case "tag":
      return compileTag(predicate.key, predicate.value);
    case "contains":
      return compileContains(predicate.text);
  }
}

/** Where the bytes of `"key":"value"` are not, the tag is not; where they are, a closer look tells keys like `,` apart. */
function compileTag(key: string, value: string): Matcher {
  const needle = Buffer.from(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return (bytes, { tagsStart, tagsEnd }) => {
    if (bytes.subarray(tagsStart, tagsEnd).indexOf(needle) === -1) return false;
    const tags = JSON.parse(bytes.toString("utf8", tagsStart, tagsEnd)) as Record<string, string>;
    return Object.hasOwn(tags, key) && tags[key] === value;
  };
}

function compileContains(text: string): Matcher {
  const needle = fold(text);
  return (bytes, { messageStart, messageEnd }) => fold(decodeText(bytes, messageStart, messageEnd)).includes(needle);
}

/** decodeText is the text of a canonical JSON string, given the place between its quotes. */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

function canonicalText(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}

function isText(bytes: Buffer, start: number, end: number, text: Buffer): boolean {
  return end - start === text.length && bytes.compare(text, 0, text.length, start, end) === 0;
}
