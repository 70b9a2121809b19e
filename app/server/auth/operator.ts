import { createHash, timingSafeEqual } from "node:crypto";

/** isOperatorToken compares in constant time; hashing first makes both sides equally long. False when no token is configured. */
export function isOperatorToken(given: string, configured: string | null): boolean {
  if (configured === null || configured === "") return false;
  return timingSafeEqual(digest(given), digest(configured));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
