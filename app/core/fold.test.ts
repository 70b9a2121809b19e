import { expect, test } from "vitest";
import { fold } from "#app/core/fold.ts";

test("a text is folded character by character, wherever what is not ASCII begins and ends", () => {
  const characters = ["A", "z", "0", " ", "É", "ß", "İ", "Σ", "ς", "\u212a", "𐐀", "😀", "日", "\n", "ſ"];
  for (let seed = 0; seed < 2_000; seed++) {
    let state = seed;
    const text = Array.from({ length: 1 + (seed % 9) }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return characters[(state >>> 8) % characters.length] as string;
    });
    expect(fold(text.join(""))).toBe(text.map(fold).join(""));
  }
  expect(fold("KELVIN \u212a, ÉCOLE 𐐀")).toBe("kelvin k, école 𐐨");
});
