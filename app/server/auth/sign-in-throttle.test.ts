import { expect, test } from "vitest";
import { SignInThrottle } from "#app/server/auth/sign-in-throttle.ts";

/** Tries one password at each of many accounts, as somebody does who knows what people like. */
function spray(addresses: (i: number) => string): SignInThrottle {
  const throttle = new SignInThrottle({ nowMs: () => 1_000_000 });
  for (let i = 0; i < 40; i++) throttle.countTry(`user-${i}@example.org`, addresses(i));
  return throttle;
}

test.each([
  ["one address", () => "192.0.2.1", "192.0.2.1", "192.0.2.2"],
  [
    "one address in both its spellings",
    (i: number) => (i % 2 ? "::ffff:192.0.2.1" : "192.0.2.1"),
    "192.0.2.1",
    "192.0.2.2",
  ],
  [
    "the addresses of one customer's network",
    (i: number) => `2001:db8:1:2::${i}`,
    "2001:db8:1:2:3:4:5:6",
    "2001:db8:1:3::1",
  ],
])("who guesses from %s waits, and nobody else", (_, addresses, guesser, other) => {
  const throttle = spray(addresses);
  expect(throttle.waitMs("new@example.org", guesser)).toBeGreaterThan(0);
  expect(throttle.waitMs("new@example.org", other)).toBe(0);
});
