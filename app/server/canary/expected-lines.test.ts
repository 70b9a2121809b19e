import { expect, test } from "vitest";
import { ExpectedLines } from "#app/server/canary/expected-lines.ts";

const WINDOW_MS = 1_000;

test("a line has to be found once for as long as it is in the window, and no longer", () => {
  const lines = new ExpectedLines(WINDOW_MS);
  lines.add("a", 0);
  lines.add("b", 500);
  expect(
    lines.judge(
      new Map([
        ["a", 1],
        ["b", 1],
      ]),
      1_000,
    ),
  ).toEqual({ wrong: [], isSound: true });
  expect(lines.judge(new Map([["b", 1]]), 1_001)).toEqual({ wrong: [], isSound: true });
  expect(lines.judge(new Map(), 1_501)).toEqual({ wrong: [], isSound: true });
});

test("a line that is missing or there twice is told of once, and nothing is sound until it is mended", () => {
  const lines = new ExpectedLines(WINDOW_MS);
  lines.add("a", 0);
  lines.add("b", 0);
  const found = new Map([["b", 2]]);
  const wrong = [
    { message: "a", times: 0 },
    { message: "b", times: 2 },
  ];
  expect(lines.judge(found, 100)).toEqual({ wrong, isSound: false });
  expect(lines.judge(found, 200)).toEqual({ wrong: [], isSound: false });
  expect(
    lines.judge(
      new Map([
        ["a", 1],
        ["b", 1],
      ]),
      300,
    ),
  ).toEqual({ wrong: [], isSound: true });
});
