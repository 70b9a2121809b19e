import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every rule of the security page names tests that there are", () => {
  const [, section = ""] = readFileSync("docs/security.md", "utf8").split("## The rules");
  const [, , ...rules] =
    section
      .split("\n## ")[0]
      ?.split("\n")
      .filter((line) => line.startsWith("|")) ?? [];
  expect(rules.length).toBeGreaterThan(20);
  for (const rule of rules) {
    const files = [...rule.matchAll(/`((?:tests|app)\/[^`]+)`/g)].map((match) => match[1] ?? "");
    expect([rule, files.length > 0]).toEqual([rule, true]);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  }
});
