import { expect, test } from "vitest";
import { readCredentials } from "#app/server/auth/read-credentials.ts";

function read(headers: Record<string, string>) {
  return readCredentials((name) => headers[name]);
}

test.each([
  [{ "x-api-key": "akl_1" }, { kind: "api-key", key: "akl_1" }],
  [{ "x-api-key": " akl_1 " }, { kind: "api-key", key: "akl_1" }],
  [{ authorization: "Bearer akl_1" }, { kind: "api-key", key: "akl_1" }],
  [{ authorization: "bearer   akl_1" }, { kind: "api-key", key: "akl_1" }],
  // An X-API-Key that is there is the one that counts, wrong as it may be.
  [
    { "x-api-key": "wrong", authorization: "Bearer akl_1" },
    { kind: "api-key", key: "wrong" },
  ],
  [
    { "x-api-key": "  ", authorization: "Bearer akl_1" },
    { kind: "api-key", key: "akl_1" },
  ],
  [{ authorization: "Bearer operator-token" }, { kind: "bearer", token: "operator-token" }],
  [{}, { kind: "none" }],
  [{ authorization: "" }, { kind: "none" }],
  [{ authorization: "Bearer" }, { kind: "none" }],
  [{ authorization: "Bearer " }, { kind: "none" }],
  [{ authorization: "Bearer a b" }, { kind: "none" }],
  [{ authorization: "Bearerakl_1" }, { kind: "none" }],
  [{ authorization: "akl_1" }, { kind: "none" }],
  [{ authorization: "Digest akl_1" }, { kind: "none" }],
])("%j gives %j", (headers, credentials) => {
  expect(read(headers as Record<string, string>)).toEqual(credentials);
});
