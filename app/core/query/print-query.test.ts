import fc from "fast-check";
import { expect, test } from "vitest";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import { predicateArbitrary } from "#tests/support/predicates.ts";

test("what is printed parses to the same predicate", () => {
  fc.assert(
    fc.property(predicateArbitrary, (predicate) => {
      expect(parseQuery(printQuery(predicate))).toEqual(predicate);
    }),
    { numRuns: 3000 },
  );
}, 30_000);

test.each([
  ["", "*"],
  ["  *  ", "*"],
  ["a AND b", "a b"],
  ["a OR b AND c", "a OR b c"],
  ["(a OR b) c", "(a OR b) c"],
  ["((a))", "a"],
  ["a AND (b AND c)", "a b c"],
  ["a OR (b OR c)", "a OR b OR c"],
  ["NOT NOT a", "a"],
  ["NOT -(-a)", "-a"],
  ["NOT(a b)", "-(a b)"],
  ['"failed"', "failed"],
  ['"OR"', '"OR"'],
  ['"say \\"hi\\" \\\\ there"', '"say \\"hi\\" \\\\ there"'],
  ["a\\ b", '"a b"'],
  ["a\\ b*", "a\\ b*"],
  ["message:failed", "failed"],
  ["message:*", "*"],
  ["service:*", "*"],
  ["message:(a OR NOT b)", "a OR -b"],
  ["level:warning", "level:warn"],
  ["level:WRN", "level:warn"],
  ["level:40", "level:warn"],
  ["level:>=error", "level:(error OR fatal)"],
  ["level:>fatal", "-*"],
  ["level:<debug", "level:trace"],
  ["level:[debug TO warn]", "level:(debug OR info OR warn)"],
  ["level:[* TO *]", "level:(trace OR debug OR info OR warn OR error OR fatal)"],
  ["level:*", "level:*"],
  ["level:fatal OR level:error", "level:(error OR fatal)"],
  ["level:Unknown", "level:unknown"],
  ["tags.host:n1", "host:n1"],
  ["tags.level:n1", "tags.level:n1"],
  ["tags.tags.x:n1", "tags.tags.x:n1"],
  ["app.kubernetes.io:x", "app.kubernetes.io:x"],
  ["tags.app.kubernetes.io/name:x", "tags.app.kubernetes.io/name:x"],
  ["odd\\ key:x", "tags.odd\\ key:x"],
  ["@version:1", "@version:1"],
  ["host:a OR host:b OR x OR host:a", "host:(a OR b) OR x"],
  ["host:(a OR (b OR c))", "host:(a OR b OR c)"],
  ["host:(-a b*)", "-host:a host:b*"],
  ['host:""', 'host:""'],
  ["host:a:b", 'host:"a:b"'],
  ["url:http://x/y?a=1&b=2", 'url:"http://x/y?a=1&b=2"'],
  ["http://x/y?a=1", '"http://x/y?a=1"'],
  ["std::vector", '"std::vector"'],
  ["10.0.0.1:8080", '"10.0.0.1:8080"'],
  ["12:30:45", '"12:30:45"'],
  ["/var/log/x.log", '"/var/log/x.log"'],
  ["me@example.com", '"me@example.com"'],
  ["key=value", '"key=value"'],
  ["localhost\\:8080", '"localhost:8080"'],
  ["x:[1 TO 2]", "x:[1 TO 2]"],
  ["x:[* TO 2]", "x:<=2"],
  ["x:[ 1  TO * ]", "x:>=1"],
  ["x:[* TO *]", "x:[* TO *]"],
  ["x:(>=400 <500)", "x:>=400 x:<500"],
  ["x:-5", 'x:"-5"'],
  ["x:>-5", "x:>-5"],
  ["path:/a\\/b \\/\\//i", "path:/a\\/b \\/\\//i"],
  ["path:/[a/]", null],
  ["ORDER BY NOTHING", "ORDER BY NOTHING"],
  ["and or not", "and or not"],
  ["größe:5 漢字", "größe:5 漢字"],
  ["a\u00a0b\u3000c", "a b c"],
])("%j is canonically %j", (query, printed) => {
  const predicate = parseQuery(query);
  expect(predicate instanceof Error ? null : printQuery(predicate)).toBe(printed);
});

test("no text makes the parser throw, and what it understands prints", () => {
  const tokens =
    'AND OR NOT - ( ) " \\ * : / [ ] TO > >= < 5 level error host message tags. a i { } = \ud83d é \u0000'.split(" ");
  const query = fc.array(fc.oneof(fc.constantFrom(...tokens, " ", " "), fc.string({ maxLength: 2 })), {
    maxLength: 14,
  });
  fc.assert(
    fc.property(
      query.map((pieces) => pieces.join("")),
      (text) => {
        const predicate = parseQuery(text);
        if (predicate instanceof Error) {
          expect(predicate.position).toBeGreaterThanOrEqual(0);
          expect(predicate.position).toBeLessThanOrEqual(text.length);
          expect(predicate.message).toMatch(/^Expected .*\.$/s);
        } else expect(parseQuery(printQuery(predicate))).toEqual(predicate);
      },
    ),
    { numRuns: 10_000 },
  );
}, 30_000);
