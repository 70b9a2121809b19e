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

test.each([
  ["PORT", "abc", 'PORT must be a whole number from 0 to 65535, not "abc"'],
  ["PORT", " ", 'PORT must be a whole number from 0 to 65535, not " "'],
  ["PORT", "65536", "PORT must be a whole number from 0 to 65535"],
  ["PORT", "0x10", "PORT must be a whole number"],
  ["BATCH_MAX_ENTRIES", "0", "BATCH_MAX_ENTRIES must be a whole number from 1 to 1000000"],
  ["WAL_MAX_BYTES", "1", "WAL_MAX_BYTES must be a whole number of at least 1048576"],
  ["RATE_LIMIT_BYTES_PER_S", " ", "RATE_LIMIT_BYTES_PER_S must be a whole number of at least 0"],
  // Node's timers take it for 1.
  ["COMPACT_INTERVAL_MS", "2147483648", "COMPACT_INTERVAL_MS must be a whole number from 1 to 2147483647"],
  ["TRUST_PROXY", "yes", "TRUST_PROXY must be one of true, false"],
  ["LOG_LEVEL", "verbose", "LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent"],
  ["HOST", " ", "HOST must not be blank"],
  ["DATA_DIR", " data", "DATA_DIR must not be blank, nor begin or end with a blank"],
  ["PUBLIC_URL", "logs.example.org", "PUBLIC_URL must be an address such as https://logs.example.org"],
  ["PUBLIC_URL", "https://example.org/logs", "PUBLIC_URL must be a scheme, a host and at most a port"],
  ["DATABASE_URL", "mysql://u@db/x", "DATABASE_URL must be an address such as postgres://user:password@host:5432/name"],
  ["DATABASE_URL", "postgres://u:p@db:99999/x", "DATABASE_URL must be an address"],
  ["DATABASE_URL", "postgres://u:100%@db/x", "user and password percent-encoded"],
  ["SMTP_URL", "smtp://", "SMTP_URL must be an address such as smtp://user:password@host:587"],
  ["SMTP_URL", "smtp://u:100%@mail", "SMTP_URL must be an address"],
  ["O3_ENDPOINT", "o3.example.org", "O3_ENDPOINT must be an address such as https://o3-rc2.akave.xyz"],
  ["OTEL_TRACES_SAMPLER_ARG", "1.5", "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1"],
  ["METRICS_TOKEN", "0123456789 abcdef", "METRICS_TOKEN must be printable ASCII without blanks"],
  ["AKAVELOG_ADMIN_EMAIL", "ada", "AKAVELOG_ADMIN_EMAIL must be an e-mail address, such as ada@example.org"],
  ["AKAVELOG_ADMIN_PASSWORD", "short", "AKAVELOG_ADMIN_PASSWORD must have 10 to 200 characters"],
  ["SYSLOG_TCP_KEY", "akl_short", "SYSLOG_TCP_KEY must be a whole API key of the project"],
  ["WEBHOOK_ALLOW_CIDRS", "10.0.0.0", "WEBHOOK_ALLOW_CIDRS must be addresses with a prefix"],
])("%s=%j stops the start with a sentence", (name, value, sentence) => {
  expect(() => readEnv({ [name]: value })).toThrow(sentence);
});

test.each([
  ["DATABASE_URL", "postgres://u:p@one:5432,two:5433/x"],
  ["DATABASE_URL", "postgresql:///akavelog?host=/run/postgresql"],
  ["PUBLIC_URL", "http://localhost:3000/"],
  ["COMPACT_GRACE_MS", "5184000000"],
  ["OTEL_TRACES_SAMPLER_ARG", "0.25"],
  ["SMTP_URL", "smtp://mail.example.org"],
])("%s=%j is taken", (name, value) => {
  expect(() => readEnv({ SESSION_SECRET: GOOD, [name]: value })).not.toThrow();
});

test("a variable that is wrong in several ways is named once", () => {
  expect(() => readEnv({ SESSION_SECRET: "abc" })).toThrow(
    /^cannot start: SESSION_SECRET must have at least 32 characters; make one with: openssl rand -hex 32$/,
  );
});
