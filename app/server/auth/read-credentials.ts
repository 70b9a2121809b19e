/** HeaderGetter returns a request header's value, whatever kind of request it is. */
export type HeaderGetter = (name: string) => string | null | undefined;

/** Credentials is what a request shows: an API key, another bearer token (the operator's), or nothing. */
export type Credentials = { kind: "api-key"; key: string } | { kind: "bearer"; token: string } | { kind: "none" };

const API_KEY_SCHEME = "akl_";

/** Schemes are case-insensitive (RFC 9110, 11.1) and separated by at least one space. */
const BEARER = /^bearer +(\S+)$/i;

/** readCredentials reads `X-API-Key` or `Authorization: Bearer`. It does not judge them. */
export function readCredentials(header: HeaderGetter): Credentials {
  const apiKey = header("x-api-key")?.trim() ?? "";
  if (apiKey !== "") return { kind: "api-key", key: apiKey };
  const token = BEARER.exec(header("authorization")?.trim() ?? "")?.[1];
  if (token === undefined) return { kind: "none" };
  return token.startsWith(API_KEY_SCHEME) ? { kind: "api-key", key: token } : { kind: "bearer", token };
}
