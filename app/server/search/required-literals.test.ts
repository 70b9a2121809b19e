import fc from "fast-check";
import { expect, test } from "vitest";
import { requiredLiterals } from "#app/server/search/required-literals.ts";

test.each([
  ["failed .*[0-9]{3}", "failed "],
  ["took \\d+ ms for request", " ms for request"],
  ["^/api/v1", "/api/v1"],
  ["a\\.b\\.c", "a.b.c"],
  ["timeouts?", "timeout"],
  ["timeouts*", "timeout"],
  ["timeouts{0,2} of", "timeout"],
  ["connect+ed", "connect"],
  ["block[a-z]+", "block"],
  ["failed|reset", ["failed", "reset"]],
  ["^failed .*[0-9]{3}|re\\|set$", ["failed ", "re|set"]],
  // Nothing is certain to stand in what matches.
  ["failed|", null],
  ["failed|a.c", null],
  ["(failed|reset)", null],
  ["fai[l|x]ed", null],
  ["fai[]l|x]ed", null],
  ["failed[[:alpha:]|]|reset", null],
  ["(failed)?", null],
  ["(?i)failed", null],
  ["\\Qfailed\\E", null],
  ["\\x66ailed", null],
  ["\\p{L}ailed", null],
  ["[failed]", null],
  ["ab?c", null],
  ["größe", null],
])("every match of %j contains one of %j", (pattern, literals) => {
  expect(requiredLiterals(pattern)).toEqual(typeof literals === "string" ? [literals] : literals);
});

test("whatever matches contains one of the literals", () => {
  const words = ["abc", "bcab", "cc"];
  const odd = ["|", "\\|", "[a|b]", "[ab]", "[^c]", "\\[", "?", "*", "+", "{2}", ".", "(a|bc)", "\\d", "5"];
  const piece = fc.oneof(fc.constantFrom(...words), fc.constantFrom(...odd));
  const text = fc.array(fc.constantFrom(...words, ..."abc|[]5"), { maxLength: 6 }).map((pieces) => pieces.join(""));
  let checked = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.array(text, { maxLength: 20 }), (pieces, texts) => {
      const literals = requiredLiterals(pieces.join(""));
      const regex = literals === null ? null : regexOf(pieces.join(""));
      for (const one of texts) {
        if (literals === null || regex?.test(one) !== true) continue;
        checked++;
        expect(literals.some((literal) => one.includes(literal))).toBe(true);
      }
    }),
    { numRuns: 20_000 },
  );
  expect(checked).toBeGreaterThan(100);
});

function regexOf(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, "s");
  } catch {
    // What does not compile is refused long before.
    return null;
  }
}
