import { expect, test } from "vitest";
import { alertRuleSchema } from "#app/core/alert-rule.ts";
import { queryRequestSchema } from "#app/core/query-request.ts";
import { wordIssue } from "#app/server/http/word-issue.ts";

test.each([
  [{ limit: 0 }, "limit", "must be at least 1"],
  [{ limit: 10_001 }, "limit", "must be at most 10000"],
  [{ limit: 1.5 }, "limit", "must be a whole number"],
  [{ limit: "7" }, "limit", "must be a number"],
  [{ order: "down" }, "order", 'must be "desc" or "asc"'],
  [{ query: 7 }, "query", "must be a string"],
  [{ service: 7 }, "service", "must be a string or must be an array"],
  [{ cursor: "c".repeat(5_000) }, "cursor", "must have at most 4096 characters"],
  [{ form: 0 }, "", 'there is no field "form"'],
  // What a schema says of itself is kept.
  [{ tags: 7 }, "tags", "must be an object of strings"],
])("%j is refused: %s %s", (body, field, reason) => {
  const parsed = queryRequestSchema.safeParse(body, { error: wordIssue });
  expect(parsed.error?.issues.map(({ path, message }) => [path.join("."), message])).toEqual([[field, reason]]);
});

test("what is not there is missing", () => {
  const parsed = alertRuleSchema.safeParse({ window: "5m", condition: { op: ">", value: 1 } }, { error: wordIssue });
  expect(parsed.error?.issues[0]).toMatchObject({ path: ["name"], message: "is missing" });
});
