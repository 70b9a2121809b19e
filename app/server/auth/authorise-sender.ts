import { AccessError } from "#app/server/auth/access-error.ts";
import type { KeyAuthenticator, KeyIdentity } from "#app/server/auth/key-authenticator.ts";

/** authoriseSender returns whom a key speaks for that may send logs. Throws AccessError and CatalogError. */
export async function authoriseSender(authenticator: KeyAuthenticator, key: string | null): Promise<KeyIdentity> {
  if (key === null) throw new AccessError("KEY_MISSING", "no API key was sent");
  const identity = await authenticator.verify(key);
  if (identity === "unknown") throw new AccessError("KEY_UNKNOWN", "the API key is unknown, expired or revoked");
  if (!identity.scopes.includes("ingest")) {
    throw new AccessError("SCOPE_MISSING", "the API key lacks the scope ingest");
  }
  return identity;
}
