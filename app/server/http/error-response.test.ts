import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { AkavelogError } from "#app/core/errors.ts";
import { errorResponse, isMappedErrorCode } from "#app/server/http/error-response.ts";
import { problem } from "#app/server/http/problem.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";

function contextWithLog() {
  const logged: string[] = [];
  return { logged, context: { requestId: "r-1", logger: pino({}, { write: (line) => logged.push(line) }) } };
}

describe("errorResponse", () => {
  test.each([
    [new ObjectStoreError("put", "v1/secret-key", "10.0.0.7 refused", { retryable: true }), 503, "object-store", "5"],
    [new ObjectNotFoundError("get", "v1/secret-key"), 503, "object-not-found", "5"],
    [new CatalogError("find batches", "unavailable", "10.0.0.7 refused"), 503, "catalog-unavailable", "5"],
    [new CatalogError("commit batch", "data", "bad byte"), 500, "catalog-data", null],
  ])("maps %s", async (error, status, name, retryAfter) => {
    const { context, logged } = contextWithLog();
    const answer = errorResponse(error, context);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("retry-after")).toBe(retryAfter);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ type: `/problems/${name}`, status });
    expect(text).not.toMatch(/10\.0\.0\.7|secret-key|bad byte/);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("r-1");
  });

  test("lets an error's own retryAfterMs go first, rounded up to whole seconds", () => {
    class BusyError extends ObjectStoreError {
      readonly retryAfterMs = 1_200;
    }
    const { context } = contextWithLog();
    const error = new BusyError("put", "k", "busy", { retryable: true });
    expect(errorResponse(error, context).headers.get("retry-after")).toBe("2");
  });

  test.each([new Error("boom"), new AkavelogError("NEVER_HEARD_OF", "boom"), "boom", null, undefined])(
    "answers %s with a 500 that tells nothing, and logs it once",
    async (error) => {
      const { context, logged } = contextWithLog();
      const answer = errorResponse(error, context);
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain("boom");
      expect(logged).toHaveLength(1);
    },
  );

  test("takes a thrown Response as the answer", () => {
    const { context, logged } = contextWithLog();
    const thrown = problem({ status: 404, title: "Not Found" });
    expect(errorResponse(thrown, context)).toBe(thrown);
    expect(logged).toEqual([]);
  });

  // Everything that has a code must have an answer, or a caller's mistake would look like a bug of ours.
  test("knows every code in the source", () => {
    const codes = new Set<string>();
    for (const file of sourceFiles("app")) {
      const text = readFileSync(file, "utf8");
      for (const [, name] of text.matchAll(/\bcode: "([A-Z]+_[A-Z_]+)"/g)) codes.add(String(name));
      for (const [call] of text.matchAll(/(?:super|new AkavelogError)\([^`;]*/g)) {
        for (const [, name] of call.matchAll(/"([A-Z]+_[A-Z_]+)"/g)) codes.add(String(name));
      }
    }
    expect([...codes]).toEqual(expect.arrayContaining(["CATALOG_DATA", "OBJECT_STORE", "OBJECT_NOT_FOUND"]));
    expect([...codes].filter((code) => !isMappedErrorCode(code))).toEqual([]);
  });
});

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => path.join(directory, name));
}
