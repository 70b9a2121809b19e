import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PLANTED_BUGS } from "#tests/planted/planted-bugs.ts";

test.each(PLANTED_BUGS)("$name: could still be made, and its test is there", ({ file, find, replace, caughtBy }) => {
  expect(readFileSync(file, "utf8").split(find).length - 1).toBe(1);
  expect(replace).not.toBe(find);
  expect(existsSync(caughtBy.file)).toBe(true);
});
