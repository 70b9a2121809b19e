import { expect, test } from "vitest";
import { RateLimitedError, RateLimiter, type RateLimits } from "#app/server/protocols/rate-limiter.ts";
import { systemClock } from "#app/server/system/clock.ts";

const PROJECT_BYTES = { owner: "project", unit: "bytes", quota: { perS: 100, burst: 1_000 } } as const;
const KEY_RECORDS = { owner: "key", unit: "records", quota: { perS: 10, burst: 20 } } as const;
const FIRST = { projectId: "p1", keyId: "k1" };
const SIBLING = { projectId: "p1", keyId: "k2" };
const OTHER = { projectId: "p2", keyId: "k3" };

function limiterAt(limits: RateLimits) {
  let nowMs = 0;
  const rates = new RateLimiter(limits, { ...systemClock, nowMs: () => nowMs });
  return { rates, pass: (ms: number) => (nowMs += ms) };
}

function refusal(rates: RateLimiter, sender: typeof FIRST): RateLimitedError | null {
  try {
    rates.admit(sender, 1);
    return null;
  } catch (error) {
    if (error instanceof RateLimitedError) return error;
    throw error;
  }
}

test("a burst goes through at once, and after it the rate", () => {
  const { rates, pass } = limiterAt([PROJECT_BYTES]);
  rates.admit(FIRST, 1_000);
  expect(refusal(rates, FIRST)).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 10 });
  pass(10);
  rates.admit(FIRST, 500);
  expect(refusal(rates, FIRST)?.retryAfterMs).toBe(5_000);
  pass(4_990);
  expect(refusal(rates, FIRST)).not.toBeNull();
  pass(10);
  expect(refusal(rates, FIRST)).toBeNull();
});

test("what a body turned out to be is a debt that has to be paid first", () => {
  const { rates, pass } = limiterAt([PROJECT_BYTES]);
  rates.admit(FIRST, 10);
  rates.charge(FIRST, 2_990, 1);
  expect(refusal(rates, FIRST)?.retryAfterMs).toBe(20_010);
  pass(60_000);
  expect(rates.headersOf(FIRST)).toMatchObject({ "ratelimit-remaining": "1000", "ratelimit-reset": "0" });
});

test("keys of one project share its quota and have their own; another project has another", () => {
  const { rates } = limiterAt([PROJECT_BYTES, KEY_RECORDS]);
  rates.charge(FIRST, 0, 20);
  expect(refusal(rates, FIRST)?.message).toContain("the key sends more records");
  expect(refusal(rates, SIBLING)).toBeNull();
  rates.charge(SIBLING, 5_000, 1);
  expect(refusal(rates, FIRST)?.message).toContain("the project sends more bytes");
  expect(refusal(rates, SIBLING)).not.toBeNull();
  expect(refusal(rates, OTHER)).toBeNull();
});

test("headers tell of the quota that is nearest to its end", () => {
  const { rates } = limiterAt([PROJECT_BYTES, KEY_RECORDS]);
  rates.charge(FIRST, 100, 15);
  expect(rates.headersOf(FIRST)).toEqual({
    "ratelimit-policy": '20;w=2;comment="records of this key"',
    "ratelimit-limit": "20",
    "ratelimit-remaining": "5",
    "ratelimit-reset": "2",
  });
  expect(limiterAt([]).rates.headersOf(FIRST)).toEqual({});
});

test("what another process took is missing here, and is not told again", () => {
  const { rates } = limiterAt([PROJECT_BYTES]);
  rates.admit(FIRST, 400);
  expect(rates.takeUsed()).toEqual([{ bucket: "project:bytes:p1", taken: 400 }]);
  rates.takeElsewhere("project:bytes:p1", 600);
  rates.takeElsewhere("key:records:k1", 600);
  expect(rates.takeUsed()).toEqual([]);
  expect(refusal(rates, FIRST)).not.toBeNull();
});
