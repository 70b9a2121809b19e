import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokeniseQuery } from "#app/core/query/tokenise-query.ts";

function kinds(query: string): string[] {
  return tokeniseQuery(query)
    .filter(({ kind }) => kind !== "space")
    .map(({ kind, start, end }) => `${kind} ${query.slice(start, end)}`);
}

describe("tokeniseQuery", () => {
  it.each([
    ["failed timeout", ["word failed", "word timeout"]],
    ['"timed out"', ['phrase "timed out"']],
    ['"not closed', ['phrase "not closed']],
    ["service:web", ["field service:", "value web"]],
    ['service:"a b"', ["field service:", 'value "a b"']],
    ["-env:staging", ["not -", "field env:", "value staging"]],
    ["host:-a", ["field host:", "value -a"]],
    ["a-b", ["word a-b"]],
    ["a OR b AND NOT c", ["word a", "operator OR", "word b", "operator AND", "operator NOT", "word c"]],
    ["ORDER or", ["word ORDER", "word or"]],
    [
      "level:(warn OR error)",
      ["field level:", "parenthesis (", "value warn", "operator OR", "value error", "parenthesis )"],
    ],
    ["status:>=500", ["field status:", "bounds >=500"]],
    ["status:[100 TO 200] x", ["field status:", "bounds [100 TO 200]", "word x"]],
    ["path:/a\\/b c/i", ["field path:", "regex /a\\/b c/i"]],
    ["http://host:80", ["word http://host:80"]],
    ["10.0.0.1:80", ["word 10.0.0.1:80"]],
    ["std::vector", ["word std::vector"]],
    ["odd\\ key:5", ["field odd\\ key:", "value 5"]],
    ["tags.:", ["word tags.:"]],
    ["host:", ["field host:"]],
    ["host: x", ["field host:", "word x"]],
  ])("cuts %s", (query, expected) => {
    expect(kinds(query)).toEqual(expected);
  });

  it("cuts any text without a gap", () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom(...'()"\\/[]<>=-: *', "AND", "OR", "NOT", "tags.", "host:"), fc.string()),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join("");
        const tokens = tokeniseQuery(text);
        expect(tokens.map(({ start, end }) => text.slice(start, end)).join("")).toBe(text);
        expect(tokens.every(({ start, end }) => end > start)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
