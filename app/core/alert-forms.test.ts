import { expect, it } from "vitest";
import { alertFormSchema } from "#app/core/alert-forms.ts";
import { projectFormSchema } from "#app/core/project-forms.ts";

const FORM = { name: "errors", query: "level:error", window: "5m", value: 1 };

it.each([
  [{ name: "" }, { name: ["This must not be empty."] }],
  [{ name: "x".repeat(101) }, { name: ["This must have at most 100 characters."] }],
  [{ query: "(" }, { query: ["Expected a closing ')' for the '(' at 0. (at 0)"] }],
  [{ value: -1 }, { value: ["This must be 0 or more."] }],
  [{ forWindows: 0 }, { forWindows: ["This must be a whole number from 1 to 100."] }],
  [{ forWindows: 1.5 }, { forWindows: ["This must be a whole number from 1 to 100."] }],
  [{ forWindows: 101 }, { forWindows: ["This must be a whole number from 1 to 100."] }],
  [{ groupBy: "x".repeat(1_025) }, { groupBy: ["This must have at most 1024 characters."] }],
  [{ webhookUrl: "shop" }, { webhookUrl: ["This must be an http or https address."] }],
  [
    { webhookUrl: `https://example.org/${"x".repeat(2_048)}` },
    { webhookUrl: ["This must have at most 2048 characters."] },
  ],
  [
    { webhookUrl: "https://example.org", webhookSecret: "short" },
    { webhookSecret: ["This must have at least 8 characters."] },
  ],
  [{ emailTo: "ada" }, { emailTo: ["This must be e-mail addresses."] }],
  [{ emailTo: "," }, { emailTo: ["This must name at least one address."] }],
  [
    { emailTo: Array.from({ length: 21 }, (_, index) => `ada${index}@example.org`).join() },
    { emailTo: ["This must name at most 20 addresses."] },
  ],
])("what is wrong is told in words for people (%#)", (change, errors) => {
  const parsed = alertFormSchema.safeParse({ ...FORM, ...change });
  expect(parsed.error?.flatten().fieldErrors).toEqual(errors);
});

it("a project's name is refused in words for people", () => {
  const parsed = projectFormSchema.safeParse({ name: "x".repeat(101), retentionDays: 0 });
  expect(parsed.error?.flatten().fieldErrors).toEqual({
    name: ["This must have at most 100 characters."],
    retentionDays: ["Keep logs for at least a day."],
  });
});
