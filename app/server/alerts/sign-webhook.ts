import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** signWebhook is the `webhook-signature` of https://www.standardwebhooks.com (symmetric, v1). */
export function signWebhook(secret: string, id: string, timestampS: number, body: string): string {
  const signature = createHmac("sha256", keyOf(secret)).update(`${id}.${timestampS}.${body}`).digest("base64");
  return `v1,${signature}`;
}

/** The key is base64, with or without the prefix; a secret that is no base64 is its own key. */
function keyOf(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  return BASE64.test(text) && text.length % 4 === 0 ? Buffer.from(text, "base64") : Buffer.from(secret, "utf8");
}
