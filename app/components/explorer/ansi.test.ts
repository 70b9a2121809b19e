import fc from "fast-check";
import { expect, it } from "vitest";
import { parseAnsi, stripAnsi } from "#app/components/explorer/ansi.ts";

it("takes colours out of the text and keeps what they colour", () => {
  expect(parseAnsi("a \u001b[31mred\u001b[0m b")).toMatchObject([
    { text: "a ", style: null },
    { text: "red", style: { color: 1 } },
    { text: " b", style: null },
  ]);
  expect(parseAnsi("\u001b[1;38;5;196;44mx")).toMatchObject([
    { text: "x", style: { isBold: true, color: 9, background: 4 } },
  ]);
  expect(parseAnsi("\u001b[38;2;250;10;10mx\u001b[39my")).toMatchObject([
    { style: { color: 9 } },
    { style: { color: null } },
  ]);
});

it("keeps the text of a link and leaves every other escape where it is", () => {
  expect(stripAnsi("\u001b]8;;http://x\u0007here\u001b]8;;\u0007")).toBe("here");
  expect(stripAnsi("\u001b[2J\u001b[Hgone?")).toBe("\u001b[2J\u001b[Hgone?");
});

it("loses nothing but the sequences, whatever the text", () => {
  const part = fc.oneof(
    fc.constantFrom("\u001b", "\u001b[", "\u001b[31m", "\u001b[m", "38;5;", "m", "\u001b]8;;", "\u0007"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const text = parts.join("");
      expect(
        parseAnsi(text)
          .map((piece) => piece.text)
          .join(""),
      ).toBe(stripAnsi(text));
    }),
  );
});
