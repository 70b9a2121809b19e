import { expect, test } from "vitest";
import { checkRegex, compileRegex } from "#app/core/query/regex.ts";
import { startCpuWatch } from "#tests/support/cpu-watch.ts";

const MEGABYTE = 1 << 20;
const coin = Array.from({ length: MEGABYTE }, (_, i) => "ab"[(Math.imul(i, 2654435761) >>> 13) & 1]).join("");
const TEXTS = ["a".repeat(MEGABYTE), coin, "ab ".repeat(MEGABYTE / 3), `x${coin}!`];

/** Each of these brings a backtracking engine to a halt; of the last ones even an automaton has many states. */
const EVIL = [
  ...[
    "(a+)+$",
    "(a*)*$",
    "(a|a)*$",
    "(a|aa)+$",
    "(a|a?)+$",
    "([a-z]+)*$",
    "(.*)*$",
    "(.*a){12}",
    "(.*,){11}P",
    "(x+x+)+y",
  ],
  ...["^(a+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "^([a-zA-Z0-9])(([-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+$"],
  ...[
    "(\\w+\\s?)*!$",
    "(\\w*)*x$",
    "(\\s*\\w*)*$",
    "^(\\w+\\s?)*$",
    "(ab*)*c",
    "(a*b*)*c",
    "((a*)*)*b",
    "(a?){30}a{30}",
    "(a|b|ab)*c",
  ],
  ...[
    "(a|b)*a(a|b){8}c",
    "a.*a.*a.*a.*a.*b!",
    ".*.*.*.*=.*",
    "(.+)+=",
    "([^=]+)+=",
    "(?:a+){20}b",
    "(?i)(a+|b+|c+)*d",
    "(aa|aab?)+c",
  ],
  ...[
    "\\b(a+)+\\b!",
    "(^|a)*c$",
    "(a$|b)*c",
    "(?:(?:a|b)+)+c",
    "(a{1,5}){1,5}c",
    "((a{1,3}){1,3}){1,3}c",
    "[ab]*[ab]*[ab]*c",
    "(\\d+)+x",
  ],
  ...[
    "(a|ab)(bcd|c)(d*)*e",
    "\\A(a+)+\\z",
    "(?s)(.|\\n)*x!",
    "(a+){10}!",
    "(([ab]+)+)+!",
    "^(.*?,)+$",
    "(?U)(a+)+!",
    "(a.b|a.a)*c",
  ],
  ...[
    "a[ab]{20}[!?]",
    "(?:a.*){5}z",
    "(a[ab]{5}|b[ab]{7})+[!?]",
    "([ab]{1,3}a){6}!",
    "[ab]*a[ab]{12}c",
    "[ab]*a[ab]{12}[!?]",
  ],
];

test("there are fifty evil patterns", () => expect(EVIL.length).toBeGreaterThanOrEqual(50));

test.each(EVIL)("%s takes a bounded time for a megabyte", (pattern) => {
  const checked = checkRegex(pattern);
  expect(checked).not.toHaveProperty("reason");
  const matches = compileRegex(pattern, false);
  for (const text of TEXTS) {
    const usedMs = startCpuWatch();
    matches(text);
    expect(usedMs()).toBeLessThan(2000);
  }
});

test("what is large is not searched with", () => {
  expect(checkRegex("(a{1,100}){1,10}")).toMatchObject({ instructions: expect.any(Number) as number });
  expect((checkRegex("[ab]{500}") as { instructions: number }).instructions).toBeGreaterThan(500);
  expect((checkRegex("(a|b)".repeat(100)) as { instructions: number }).instructions).toBeGreaterThan(256);
  expect(checkRegex(`${"a".repeat(500)}|${"b".repeat(500)}`)).toEqual({ instructions: 0 });
});

test.each<[pattern: string, ignoreCase: boolean, text: string, matches: boolean]>([
  ["b+", false, "abbc", true],
  ["^b", false, "abbc", false],
  ["B", false, "abbc", false],
  ["B", true, "abbc", true],
  ["k", true, "\u212a", true],
  ["ß", true, "ẞ", true],
  ["(?i)B", false, "abbc", true],
  [".", false, "\n", false],
  ["(?s).", false, "\n", true],
  ["^b$", false, "a\nb", false],
  ["(?m)^b$", false, "a\nb", true],
  ["\\bfoo\\b", false, "a foo.", true],
  ["\\pL", false, "5 é", true],
  ["\\pL", false, "5 +", false],
  ["\\PL", false, "abcé", false],
  ["^\\p{Lu}\\p{Ll}+$", false, "Éa", true],
  ["^[\\pL\\d]+$", false, "é5", true],
  ["^[^\\pL]+$", false, "é5", false],
  ["[\\PL]", false, "é5", true],
  ["[\\PL]", false, "éa", false],
  ["[\\p{^L}]", false, "éa", false],
  ["\\p{^L}", false, "éa", false],
  ["\\P{^L}", false, "éa", true],
  // Letters of a later Unicode than the search engine's: both call them none.
  ["\\pL", false, "\u088f", false],
  ["\\PL", false, "\u088f", true],
  ["\\p{Greek}", false, "α", true],
  ["[[:alpha:]]", false, "é", false],
  ["[]a]", false, "]", true],
  ["[^]a]", false, "]", false],
  ["[[]", false, "[", true],
  ["\\Q(?<\\E", false, "a(?<b", true],
  ["\\Q\\C", false, "\\C", true],
  ["[(?<]", false, "<", true],
  ["\\(?<a", false, "<a", true],
  ["\\\\C", false, "\\C", true],
  ["(?P<year>\\d{4})", false, "in 2026", true],
  ["😀{2}", false, "😀😀", true],
  ["^.$", false, "😀", true],
])("/%s/ (ignoring case: %s) on %j is %s", (pattern, ignoreCase, text, matches) => {
  expect(checkRegex(pattern)).not.toHaveProperty("reason");
  expect(compileRegex(pattern, ignoreCase)(text)).toBe(matches);
});

test.each<[pattern: string, offset: number]>([
  ["a\\C", 1],
  ["[\\C]", 1],
  ["(a)(?<name>b)", 3],
  ["(?<=a)b", 0],
  ["a(?=b)", 1],
  ["a(?!b)", 1],
  ["(a)\\1", 3],
  ["a\\p{Emoji}", 1],
  ["a\\p{Cn}", 1],
  ["a\\p{Assigned}", 1],
  ["a\\p{toString}", 1],
  ["\\p{LC}", 0],
  ["ab[z-a]", 3],
  ["x*{2}", 1],
  ["(?x)a", 0],
  ["a(b", 0],
  ["a\\", 0],
  ["(?#c)", 0],
])("/%s/ is refused at %i", (pattern, offset) => {
  expect(checkRegex(pattern)).toMatchObject({ offset, reason: expect.any(String) as string });
});

test("deep nesting is refused or understood, never thrown", () => {
  expect(() => checkRegex("(".repeat(512) + ")".repeat(512))).not.toThrow();
  expect(() => checkRegex("(?:a".repeat(200) + ")*".repeat(200))).not.toThrow();
});
