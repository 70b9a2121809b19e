import fc from "fast-check";
import { LEVELS } from "#app/core/level.ts";
import { allOf, anyOf, levelIn, not, type Field, type Predicate } from "#app/core/query/predicate.ts";

/** SearchedEntry is what a predicate looks at. */
export interface SearchedEntry {
  service: string;
  level: (typeof LEVELS)[number];
  message: string;
  tags: [string, string][];
}

/** Pieces that stand in entries and in queries alike, so that hits and near-misses are frequent. */
const PIECES = [
  ...[
    "failed",
    "Failed",
    "over",
    "FAILEDOVER",
    "timed out",
    "a",
    "A",
    "ab",
    "aa",
    "k",
    "K",
    "\u212a",
    "i",
    "İ",
    "ı",
    "I",
  ],
  ...[
    "ß",
    "ſ",
    "s",
    "é",
    "e\u0301",
    "É",
    "Σ",
    "σ",
    "ς",
    "ǅ",
    "ǆ",
    "漢",
    "字",
    "😀",
    "𐐀",
    "𐐨",
    "²",
    "ⅷ",
    "_",
    "-",
    ".",
    ":",
  ],
  ...[
    "/",
    "@",
    "*",
    "(",
    ")",
    '"',
    "\\",
    "\\n",
    "\n",
    "\t",
    "\u0000",
    "\u007f",
    "\u2028",
    "\ufffd",
    " ",
    "  ",
    "5",
    "500",
  ],
  ...[
    "AND",
    "OR",
    "NOT",
    "n",
    "name",
    "\u00a0",
    "<",
    ">",
    "[",
    "]",
    "{",
    "=",
    "!",
    "+",
    "'",
    "ａ",
    "Ａ",
    "x/y",
    "TO",
    "\ud83d",
  ],
];
const NUMBERS = [
  ...[
    "0",
    "-0",
    "0.0",
    "5",
    "5.0",
    "05",
    "+5",
    "5e0",
    "50e-1",
    "0.5e1",
    "5.",
    ".5",
    "500",
    "499.99999999999999999999",
    " 5",
  ],
  ...[
    "12345678901234567890",
    "12345678901234567891",
    "1.2345678901234567890e19",
    "-1",
    "-2.5",
    "1e400",
    "1e-400",
    "1E3",
  ],
  ...["1000", "NaN", "0x10", "1e999999999999999999999", "-1e999999999999999999999", "true", ""],
];
const KEYS = [
  "host",
  "status",
  "__proto__",
  "constructor",
  "a.b",
  "k8s.io/name",
  "@v",
  "weird key",
  "a:b",
  "9x",
  "größe",
  "level",
];
KEYS.push("service", "tags.x", "-x", '"', "\\", "*", "hosT", "x", "AND");

const piece = fc.constantFrom(...PIECES).map((text) => text.toWellFormed());
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
const someText = text.filter((one) => one !== "");
const number = fc.constantFrom(...NUMBERS);
const value = fc.oneof(text, number);
const key = fc.constantFrom(...KEYS);
const level = fc.constantFrom(...LEVELS);

export const entryArbitrary: fc.Arbitrary<SearchedEntry> = fc.record({
  service: fc.oneof(someText, fc.constantFrom("web", "api", "500")),
  level,
  message: fc.oneof(text, number),
  tags: fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 }),
});

const field: fc.Arbitrary<Field> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ name: "service" as const }) },
  { weight: 4, arbitrary: key.map((one) => ({ name: "tag" as const, key: one })) },
);
const textField = fc.oneof(field, fc.constant({ name: "message" as const }));
const literal = fc.constantFrom(...NUMBERS.filter((one) => /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(one)));
const bound = fc.record({ literal, isInclusive: fc.boolean() });
const ends = fc.constantFrom([true, true], [true, false], [false, true]);

const leaf: fc.Arbitrary<Predicate> = fc.oneof(
  fc.array(level, { minLength: 1, maxLength: 3 }).map(levelIn),
  fc.record({
    kind: fc.constant("equals" as const),
    field,
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 6 }),
  }),
  key.map((one) => ({ kind: "present" as const, key: one })),
  fc.tuple(someText, fc.boolean(), fc.boolean()).map(([one, openStart, openEnd]): Predicate => {
    return { kind: "text", text: one, openStart, openEnd };
  }),
  fc.tuple(field, someText, ends).map(([of, one, [openStart = false, openEnd = false]]): Predicate => {
    return { kind: "affix", field: of, text: one, openStart, openEnd };
  }),
  fc.record({
    kind: fc.constant("regex" as const),
    field: textField,
    pattern: fc.constantFrom(
      "a+b",
      "^fail",
      "over$",
      "k",
      "[a-c]/",
      "\\d{3}",
      "x/y",
      "\\\\n",
      "\\pL",
      "[^\\p{L}\\s]",
      ".",
      "σ|ß",
    ),
    ignoreCase: fc.boolean(),
  }),
  fc
    .tuple(
      textField,
      fc.oneof(
        fc.record({ lower: bound, upper: fc.constant(null) }),
        fc.record({ lower: fc.constant(null), upper: bound }),
        fc.tuple(literal, literal).map(([a, b]) => ({
          lower: { literal: a, isInclusive: true },
          upper: { literal: b, isInclusive: true },
        })),
        fc.constant({ lower: null, upper: null }),
      ),
    )
    .map(([of, bounds]): Predicate => ({ kind: "number", field: of, ...bounds })),
);

/** Predicates in the form that a parser makes. */
export const predicateArbitrary: fc.Arbitrary<Predicate> = fc.letrec<{ tree: Predicate }>((tie) => {
  const several = fc.array(tie("tree"), { minLength: 1, maxLength: 3 });
  return {
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      { weight: 5, arbitrary: leaf },
      { weight: 1, arbitrary: fc.constant<Predicate>({ kind: "all", of: [] }) },
      { weight: 3, arbitrary: several.map(allOf) },
      { weight: 3, arbitrary: several.map(anyOf) },
      { weight: 3, arbitrary: tie("tree").map(not) },
    ),
  };
}).tree;
