import { expect, test } from "vitest";
import { createApiKeySchema, createProjectSchema, updateProjectSchema } from "#app/core/project.ts";
import { saveSearchSchema } from "#app/core/saved-search.ts";

const NOW_MS = Date.parse("2026-01-01T00:00:00Z");
const keySchema = createApiKeySchema(NOW_MS);

function isAccepted(schema: { safeParse(body: unknown): { success: boolean } }, body: unknown): boolean {
  return schema.safeParse(body).success;
}

test("a name is trimmed and has 1 to 100 characters, counted as people count them", () => {
  expect(createProjectSchema.parse({ name: "  Shop " })).toEqual({ name: "Shop", retentionDays: 30 });
  expect(isAccepted(createProjectSchema, { name: "x".repeat(100) })).toBe(true);
  expect(isAccepted(createProjectSchema, { name: "😀".repeat(100) })).toBe(true);
  for (const name of ["", "   ", "x".repeat(101), 7, null, undefined])
    expect(isAccepted(createProjectSchema, { name })).toBe(false);
});

test("what PostgreSQL or a screen would choke on is refused in a name", () => {
  for (const name of [
    "nul\0",
    "line\nbreak",
    "line\u2028break",
    "\u001b[31m",
    "half \ud83d",
    "gp\u202egpj.exe",
    "\u2066x",
  ]) {
    expect(isAccepted(createProjectSchema, { name })).toBe(false);
    expect(isAccepted(keySchema, { name, scopes: ["query"] })).toBe(false);
    expect(isAccepted(saveSearchSchema, { name, search: "" })).toBe(false);
  }
});

test("retention is a whole number of days from 1 to 3650", () => {
  for (const retentionDays of [1, 3_650])
    expect(isAccepted(createProjectSchema, { name: "x", retentionDays })).toBe(true);
  for (const retentionDays of [0, 3_651, 1.5, "30", null, Number.NaN]) {
    expect(isAccepted(createProjectSchema, { name: "x", retentionDays })).toBe(false);
    expect(isAccepted(updateProjectSchema, { retentionDays })).toBe(false);
  }
});

test("a patch changes something, and nothing else than it may", () => {
  expect(isAccepted(updateProjectSchema, { name: "x" })).toBe(true);
  for (const body of [{}, { slug: "x" }, { name: "x", id: "y" }, [], null])
    expect(isAccepted(updateProjectSchema, body)).toBe(false);
});

test("scopes are some of three, each once and in one order", () => {
  expect(keySchema.parse({ name: "k", scopes: ["query", "ingest", "query"] }).scopes).toEqual(["ingest", "query"]);
  for (const scopes of [[], ["root"], ["ingest", "root"], "ingest", undefined])
    expect(isAccepted(keySchema, { name: "k", scopes })).toBe(false);
});

test("expiresAt is an RFC 3339 time in the future, with its zone, or null as in the answer", () => {
  const withExpiry = (expiresAt: unknown) => isAccepted(keySchema, { name: "k", scopes: ["query"], expiresAt });
  for (const time of ["2026-01-01T00:00:01Z", "2026-01-01T00:30:00-01:00", "2027-01-01T00:00:00.123456Z", null])
    expect(withExpiry(time)).toBe(true);
  for (const time of [
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:30:00+01:00",
    "2027-01-01",
    "2027-01-01T00:00:00",
    "tomorrow",
    1e15,
    "2027-02-30T00:00:00Z",
  ]) {
    expect(withExpiry(time)).toBe(false);
  }
});
