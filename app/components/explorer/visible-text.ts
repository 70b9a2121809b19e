/** VisiblePart is text that may be shown as it is, or one character that must not act and is named instead. */
export type VisiblePart = { text: string } | { symbol: string; name: string };

/** Marks on one letter beyond this many are left out: a thousand of them would cover the lines around. */
const MAX_MARKS = 4;

const NAMES: Readonly<Record<number, string>> = {
  0x00ad: "soft hyphen",
  0x061c: "Arabic letter mark",
  0x200b: "zero width space",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "pop directional formatting",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2060: "word joiner",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "pop directional isolate",
  0xfeff: "byte order mark",
};

/**
 * Control characters, and those that change the direction or hide: all that could make a line look like another one.
 * Line feed and tab are ordinary in logs. The tags of U+E0000 draw nothing and can carry text.
 */
const ODD =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]|\p{M}{5,}/gu;
const HAS_ODD = new RegExp(ODD.source, "u");

/** visibleParts cuts a text so that nothing in it acts on what is around it. Joined, the texts are the text. */
export function visibleParts(text: string): VisiblePart[] {
  if (!HAS_ODD.test(text)) return [{ text }];
  const parts: VisiblePart[] = [];
  let at = 0;
  for (const match of text.matchAll(ODD)) {
    const [odd] = match;
    const point = odd.codePointAt(0) as number;
    const isMarks = /^\p{M}/u.test(odd);
    const kept = isMarks ? Array.from(odd).slice(0, MAX_MARKS).join("") : "";
    const before = text.slice(at, match.index) + kept;
    if (before !== "") parts.push({ text: before });
    parts.push(isMarks ? marksLeftOut(odd) : { symbol: symbolOf(point), name: nameOf(point) });
    at = match.index + odd.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

function marksLeftOut(marks: string): VisiblePart {
  const count = Array.from(marks).length - MAX_MARKS;
  return { symbol: `+${count}`, name: `${count} more combining ${count === 1 ? "mark" : "marks"}` };
}

function symbolOf(point: number): string {
  // Unicode has pictures of the first 32 control characters and of DEL.
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return "\u2421";
  return `U+${hex(point)}`;
}

function nameOf(point: number): string {
  return `${NAMES[point] ?? "control character"} (U+${hex(point)})`;
}

function hex(point: number): string {
  return point.toString(16).toUpperCase().padStart(4, "0");
}

/** A name or value in a list is told by its beginning. */
const MAX_LABEL_LENGTH = 200;

/** visibleLabel is a short text from a log, for places that take nothing but text. */
export function visibleLabel(text: string): string {
  return visibleParts(text.slice(0, MAX_LABEL_LENGTH))
    .map((part) => ("text" in part ? part.text : part.symbol))
    .join("");
}
