import type { HeaderGetter } from "#app/server/auth/read-credentials.ts";

/** Headers that hold a key and nothing else, in the order in which they count. */
const KEY_HEADERS = ["x-api-key", "dd-api-key", "x-seq-apikey"] as const;

/** Parameters that hold a key for senders that can be told an address and nothing else. */
const KEY_PARAMETERS = ["dd-api-key", "apiKey", "api_key", "token"] as const;

const AUTHORIZATION = /^(bearer|basic|apikey|splunk) +(\S+)$/i;
const API_KEY_SCHEME = "akl_";

/**
 * readSenderKey finds the key of a log shipper wherever shippers can be told to put one: a header of its own, an
 * Authorization of one of four schemes, a parameter of the address. It does not judge the key; null when there is none.
 */
export function readSenderKey(header: HeaderGetter, parameters: URLSearchParams): string | null {
  for (const name of KEY_HEADERS) {
    const key = header(name)?.trim() ?? "";
    if (key !== "") return key;
  }
  const authorization = AUTHORIZATION.exec(header("authorization")?.trim() ?? "");
  if (authorization !== null) return keyOfScheme((authorization[1] ?? "").toLowerCase(), authorization[2] ?? "");
  for (const name of KEY_PARAMETERS) {
    const key = parameters.get(name)?.trim() ?? "";
    if (key !== "") return key;
  }
  return null;
}

/** Basic hides `user:password`, and Elastic's ApiKey `id:key`; the key may be either half, or the whole token of ApiKey. */
function keyOfScheme(scheme: string, token: string): string {
  if (scheme === "bearer" || scheme === "splunk" || token.startsWith(API_KEY_SCHEME)) return token;
  const pair = Buffer.from(token, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  const first = colon === -1 ? pair : pair.slice(0, colon);
  const second = colon === -1 ? "" : pair.slice(colon + 1);
  return first.startsWith(API_KEY_SCHEME) && !second.startsWith(API_KEY_SCHEME) ? first : second;
}
