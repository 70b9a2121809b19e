import { expect, test } from "vitest";
import { FOLD_RUNS } from "#app/core/fold-table.ts";
import { isWordAt, isWordBefore, isWordPoint } from "#app/core/query/word-character.ts";

test.each(["a", "Z", "0", "_", "é", "漢", "ß", "²", "ⅷ", "٣", "𐐀", "ª", "\u{30000}"])(
  "%j is part of a word",
  (text) => {
    expect(isWordPoint(text.codePointAt(0) ?? 0)).toBe(true);
    expect(isWordAt(`-${text}`, 1)).toBe(true);
    expect(isWordBefore(`-${text}`, 1 + text.length)).toBe(true);
  },
);

test.each(["-", ".", " ", "\u0301", "😀", "\u0000", "\ufffd", "·", "€", "\u00a0"])("%j is between words", (text) => {
  expect(isWordPoint(text.codePointAt(0) ?? 0)).toBe(false);
  expect(isWordAt(text, 0)).toBe(false);
  expect(isWordBefore(text, text.length)).toBe(false);
});

test("a text has no words before its start and behind its end", () => {
  expect(isWordBefore("a", 0)).toBe(false);
  expect(isWordAt("a", 1)).toBe(false);
});

test("folding a character never moves it in or out of words", () => {
  const moved: string[] = [];
  for (const [first, count, step, distance] of FOLD_RUNS) {
    for (let i = 0; i < count; i++) {
      const point = first + i * step;
      if (isWordPoint(point + distance) !== isWordPoint(point)) moved.push(point.toString(16));
    }
  }
  expect(moved).toEqual([]);
});
