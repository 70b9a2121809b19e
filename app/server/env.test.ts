import { describe, expect, test } from "vitest";
import { readEnv } from "#app/server/env.ts";

const GOOD = "8f1d2c7be04a59361fa7c0d9e2b84653";

describe("a secret", () => {
  test.each(["SESSION_SECRET", "AKAVELOG_ADMIN_TOKEN"])(
    "%s that is empty, short or an example stops the start",
    (name) => {
      for (const secret of [
        "",
        "short",
        GOOD.slice(1),
        "change-me-change-me-change-me-change-me",
        "this-is-an-example-secret-of-some-length",
        "a".repeat(64),
      ]) {
        expect(() => readEnv({ [name]: secret })).toThrow(`cannot start: ${name}`);
      }
      expect(() => readEnv({ [name]: GOOD })).not.toThrow();
    },
  );

  test("is asked for where several processes share a database", () => {
    const DATABASE_URL = "postgres://user@127.0.0.1/akavelog";
    expect(() => readEnv({ DATABASE_URL })).toThrow("SESSION_SECRET must be given with DATABASE_URL");
    expect(() => readEnv({ DATABASE_URL, SESSION_SECRET: GOOD })).not.toThrow();
  });
});

test("rate limits are off unless set, and a burst is ten seconds' worth unless set", () => {
  expect(readEnv({}).rateLimits).toEqual([]);
  expect(
    readEnv({ RATE_LIMIT_BYTES_PER_S: "1000", RATE_LIMIT_KEY_RECORDS_PER_S: "5", RATE_LIMIT_KEY_BURST_RECORDS: "7" })
      .rateLimits,
  ).toEqual([
    { owner: "project", unit: "bytes", quota: { perS: 1000, burst: 10_000 } },
    { owner: "key", unit: "records", quota: { perS: 5, burst: 7 } },
  ]);
});
