import { createHash, randomBytes } from "node:crypto";

/** createSecretToken makes what a session's cookie or an invitation's link carries: 256 bits as base64url. */
export function createSecretToken(): string {
  return randomBytes(32).toString("base64url");
}

/** hashSecretToken is what is kept of a token, in hex. Random tokens need no slow hash. */
export function hashSecretToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
