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
