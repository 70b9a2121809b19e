import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stripAnsi } from "#app/components/explorer/ansi.ts";
import { segmentLine } from "#app/components/explorer/line-segments.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { positiveTexts, type PositiveText } from "#app/core/query/positive-texts.ts";

function wantedBy(query: string): PositiveText[] {
  const predicate = parseQuery(query);
  return predicate instanceof InvalidQueryError ? [] : positiveTexts(predicate);
}

function marked(text: string, query: string): string {
  return segmentLine(text, { wanted: wantedBy(query), maxLength: 1000, isOneLine: false })
    .segments.map((segment) => (segment.isMatch ? `[${segment.text}]` : segment.text))
    .join("");
}

describe("matches in a line", () => {
  it.each([
    ["failed", "It Failed: failedOver", "It [Failed]: failedOver"],
    ["fail*", "It Failed: failedOver", "It [Fail]ed: [fail]edOver"],
    ["*over", "failedOver overt", "failed[Over] overt"],
    ['"timed out"', "has timed out, timed outside", "has [timed out], timed outside"],
    ["a b", "a c b", "[a] c [b]"],
    ["-failed x", "failed x", "failed [x]"],
    ["größe", "GRÖßE GRÖSSE", "[GRÖßE] GRÖSSE"],
    ["*aa* *aaa*", "xaaaay", "x[aaaa]y"],
    ["service:web", "web", "web"],
  ])("%s in %s", (query, text, expected) => {
    expect(marked(text, query)).toBe(expected);
  });

  it("are found across colours", () => {
    expect(marked("\u001b[31mtim\u001b[0med", "timed")).toBe("[tim][ed]");
  });
});

it("draws a line feed as a sign where a row has one line", () => {
  const { segments } = segmentLine("a\nb", { wanted: [], maxLength: 10, isOneLine: true });
  expect(segments.map(({ text }) => text)).toEqual(["a", "↵ ", "b"]);
});

it("looks at no more of a line than its budget", () => {
  const line = segmentLine("x".repeat(1_000_000), { wanted: wantedBy("*x*"), maxLength: 500, isOneLine: true });
  expect(line.leftOut).toBe(999_500);
  expect(segmentLine("ab😀", { wanted: [], maxLength: 3, isOneLine: true }).segments[0]?.text).toBe("ab");
});

it("keeps all text that is not named", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom("\u001b[1m", "a", "aa", "\n"), fc.string())), (parts) => {
      // eslint-disable-next-line no-control-regex
      const text = parts.join("").replace(/\p{C}(?<!\u001b|\n)/gu, "");
      const { segments } = segmentLine(text, { wanted: wantedBy("*a*"), maxLength: 10_000, isOneLine: false });
      const drawn = segments.map((segment) => (segment.symbolName === null ? segment.text : "")).join("");
      // eslint-disable-next-line no-control-regex
      expect(drawn).toBe(stripAnsi(text).replace(/\u001b/g, ""));
    }),
  );
});
