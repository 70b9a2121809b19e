import { expect, test } from "vitest";
import { isOperatorToken } from "#app/server/auth/operator.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

test("only the whole token opens", () => {
  expect(isOperatorToken(TOKEN, TOKEN)).toBe(true);
  for (const given of ["", TOKEN.slice(1), `${TOKEN} `, TOKEN.toUpperCase(), "null"])
    expect(isOperatorToken(given, TOKEN)).toBe(false);
});

test("without a configured token nothing opens, the empty one least of all", () => {
  for (const configured of [null, ""]) {
    for (const given of ["", "null", TOKEN]) expect(isOperatorToken(given, configured)).toBe(false);
  }
});
