import { expect, test } from "vitest";
import { localPath } from "#app/core/local-path.ts";

test("a path of this site stays, with its query", () => {
  expect(localPath("/p/demo/logs?query=a%20b")).toBe("/p/demo/logs?query=a%20b");
});

test.each([
  null,
  "",
  "p/demo",
  "//evil.example",
  "/\\evil.example",
  "https://evil.example",
  "/\t/evil.example",
  "/a\\b",
])("%j leads to the start", (given) => expect(localPath(given)).toBe("/"));
