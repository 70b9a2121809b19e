import fc from "fast-check";
import { expect, it } from "vitest";
import { visibleParts } from "#app/components/explorer/visible-text.ts";

function shown(text: string): string {
  return visibleParts(text)
    .map((part) => ("text" in part ? part.text : `<${part.symbol}>`))
    .join("");
}

it.each([
  ["plain text, grüße, 漢字, 😀", "plain text, grüße, 漢字, 😀"],
  ["a\tb\nc", "a\tb\nc"],
  ["a\u0000b\u001b[2J", "a<\u2400>b<\u241b>[2J"],
  ["admin\u202etxt.exe", "admin<U+202E>txt.exe"],
  ["\u2066x\u2069", "<U+2066>x<U+2069>"],
  ["a\u200bb\ufeff", "a<U+200B>b<U+FEFF>"],
  ["e\u0301", "e\u0301"],
  [`e${"\u0301".repeat(10_000)}`, `e${"\u0301".repeat(4)}<+9996>`],
  ["\u{e0041}", "<U+E0041>"],
])("shows %j", (text, expected) => {
  expect(shown(text)).toBe(expected);
});

it("never lets a character through that acts on its neighbours", () => {
  const odd = fc.constantFrom(
    "\u0000",
    "\u001b",
    "\u202e",
    "\u2067",
    "\u200f",
    "\u0007",
    "\u009b",
    "\u0301".repeat(6),
    "a",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(odd, fc.string({ unit: "binary" }))), (parts) => {
      const through = visibleParts(parts.join(""))
        .flatMap((part) => ("text" in part ? [part.text] : []))
        .join("|");
      // eslint-disable-next-line no-control-regex
      expect(through).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u);
      expect(through).not.toMatch(/\p{M}{5,}/u);
    }),
  );
});
