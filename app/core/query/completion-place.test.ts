import { expect, it } from "vitest";
import { completionPlace } from "#app/core/query/completion-place.ts";

it.each([
  ["|", { kind: "name", prefix: "" }],
  ["ser|", { kind: "name", prefix: "ser", start: 0, end: 3 }],
  ["ser|vice", { kind: "name", prefix: "ser", start: 0, end: 7 }],
  ["a -ho|", { kind: "name", prefix: "ho", start: 3, end: 5 }],
  ["host:|", { kind: "value", field: "host", prefix: "", start: 5, end: 5 }],
  ["host:n|1", { kind: "value", field: "host", prefix: "n", start: 5, end: 7 }],
  ['host:"n 1|', { kind: "value", field: "host", prefix: "n 1", start: 5, end: 9 }],
  ["host:(a OR b|", { kind: "value", field: "host", prefix: "b", start: 11, end: 12 }],
  ["host:(|", { kind: "value", field: "host", prefix: "", start: 6, end: 6 }],
  ['"a phr|ase"', { kind: "nothing" }],
  ["status:>=5|", { kind: "nothing" }],
  ["a |", { kind: "name", prefix: "" }],
])("at the cursor in %s", (marked, expected) => {
  const cursor = marked.indexOf("|");
  expect(completionPlace(marked.replace("|", ""), cursor)).toMatchObject(expected);
});
