import { expect, it } from "vitest";
import { loneConditions, relaxationsOf } from "#app/components/explorer/relaxations.ts";

it.each([
  ["", []],
  ["imeout", ["widen *imeout*: *imeout*", "drop imeout: "]],
  [
    "level:error host:n1",
    ["drop level:error: host:n1", "widen host:*n1*: level:error host:*n1*", "drop host:n1: level:error"],
  ],
  ["a OR b", ["drop a OR b: "]],
  ["*x*", ["drop *x*: "]],
  ['"timed o', []],
  ["x x", ["widen *x*: *x* x", "drop x: x", "widen *x*: x *x*"]],
  [
    "*a* or *b*",
    [
      "operators OR: *a* OR *b*",
      "drop *a*: or *b*",
      "widen *or*: *a* *or* *b*",
      "drop or: *a* *b*",
      "drop *b*: *a* or",
    ],
  ],
  ["(*a* Or not *b*)", ["operators OR, NOT: (*a* OR NOT *b*)", "drop (*a* Or not *b*): "]],
  ["*or", ["widen *or*: *or*", "drop *or: "]],
])("for %s", (query, expected) => {
  expect(relaxationsOf(query).map((one) => `${one.kind} ${one.text}: ${one.query}`)).toEqual(expected);
});

it("leaves each condition alone where there are several", () => {
  expect(loneConditions("level:error imed service:web").map(({ query }) => query)).toEqual([
    "level:error",
    "imed",
    "*imed*",
    "service:web",
    "service:*web*",
  ]);
  expect(loneConditions("a b")).toEqual([]);
});
