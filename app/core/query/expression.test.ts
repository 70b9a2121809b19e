import fc from "fast-check";
import { expect, test } from "vitest";
import { parseQuery } from "#app/core/query/parse-query.ts";
import type { Predicate } from "#app/core/query/predicate.ts";

/** A formula over the words a to e, with its own truth table and one of the many ways to write it. */
interface Formula {
  truth: (words: ReadonlySet<string>) => boolean;
  text: string;
  /** What binds it: 0 for OR, 1 for AND, 2 for anything that stands by itself. */
  binding: 0 | 1 | 2;
}

const formulas = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.constantFrom("a", "b", "c", "d", "e").map((word): Formula => {
      return { truth: (words) => words.has(word), text: word, binding: 2 };
    }),
    fc
      .tuple(fc.array(tie("formula"), { minLength: 2, maxLength: 4 }), fc.constantFrom(" AND ", " ", "  AND\n"))
      .map(join),
    fc.array(tie("formula"), { minLength: 2, maxLength: 4 }).map((of): Formula => {
      return {
        truth: (words) => of.some((one) => one.truth(words)),
        text: of.map((one) => one.text).join(" OR "),
        binding: 0,
      };
    }),
    fc.tuple(tie("formula"), fc.constantFrom("NOT ", "-", "NOT")).map(([one, sign]): Formula => {
      const isWord = one.binding === 2 && !one.text.startsWith("(");
      const text =
        one.binding === 2 && !(isWord && sign === "NOT") && !one.text.startsWith("-") ? one.text : `(${one.text})`;
      return { truth: (words) => !one.truth(words), text: sign + text, binding: 2 };
    }),
    tie("formula").map((one): Formula => ({ truth: one.truth, text: `( ${one.text})`, binding: 2 })),
  ),
})).formula;

function join([of, operator]: [Formula[], string]): Formula {
  return {
    truth: (words) => of.every((one) => one.truth(words)),
    text: of.map((one) => (one.binding === 0 ? `(${one.text})` : one.text)).join(operator),
    binding: 1,
  };
}

function evaluate(predicate: Predicate, words: ReadonlySet<string>): boolean {
  switch (predicate.kind) {
    case "all":
      return predicate.of.every((one) => evaluate(one, words));
    case "any":
      return predicate.of.some((one) => evaluate(one, words));
    case "not":
      return !evaluate(predicate.of, words);
    case "text":
      return words.has(predicate.text);
    default:
      throw new Error(`not expected: ${predicate.kind}`);
  }
}

test("a formula means the same however it is written", () => {
  fc.assert(
    fc.property(formulas, ({ truth, text }) => {
      const predicate = parseQuery(text);
      if (predicate instanceof Error) throw new Error(`${text}: ${predicate.message}`);
      for (let i = 0; i < 32; i++) {
        const words = new Set(["a", "b", "c", "d", "e"].filter((_, bit) => (i & (1 << bit)) !== 0));
        expect(evaluate(predicate, words), `${text} for ${[...words].join()}`).toBe(truth(words));
      }
    }),
    { numRuns: 2000 },
  );
}, 30_000);
