import { DrizzleQueryError } from "drizzle-orm/errors";
import { expect, test } from "vitest";
import { toCatalogError } from "#app/server/catalog/catalog-failure.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";

function failure(code: string): Error {
  return Object.assign(new Error("reason"), { code });
}

test.each(["22021", "22P02", "22P05", "23503", "23505", "54000", "UNDEFINED_VALUE", "MAX_PARAMETERS_EXCEEDED"])(
  "%s never succeeds with the same values",
  (code) => {
    expect(toCatalogError("commit batch", failure(code)).kind).toBe("data");
  },
);

test.each([
  ...[
    "08006",
    "57P01",
    "57P03",
    "57014",
    "53300",
    "40001",
    "40P01",
    "25006",
    "28P01",
    "3D000",
    "42P01",
    "55P03",
    "XX000",
  ],
  ...["ECONNREFUSED", "ECONNRESET", "CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_DESTROYED", "CONNECTION_ENDED"],
  // Near misses of the data classes.
  ...["2201", "220210", "ENOENT22"],
])("%s can be tried again", (code) => {
  expect(toCatalogError("commit batch", failure(code)).kind).toBe("unavailable");
});

test("a broken connection that shows as a TypeError does not quarantine a batch", () => {
  expect(toCatalogError("commit batch", new TypeError("Cannot read properties of null")).kind).toBe("unavailable");
});

test("drizzle's wrapper is opened, and its statement and parameters stay out of the error", () => {
  const wrapped = new DrizzleQueryError("insert into api_keys values ($1)", ["secret-hash"], failure("23505"));
  const error = toCatalogError("create key", wrapped);
  expect(error.kind).toBe("data");
  expect(error.message).toBe("cannot create key: reason");
  expect(`${error.message} ${String((error.cause as Error).message)}`).not.toContain("secret-hash");
});

test("a CatalogError passes unchanged", () => {
  const error = new CatalogError("find batches", "unavailable", "no answer within 10 s");
  expect(toCatalogError("something else", error)).toBe(error);
});
