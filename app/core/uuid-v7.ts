/**
 * createUuidV7 makes a uuid of version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random bits.
 * Later ones sort behind earlier ones. `randomBytes` are 10 bytes.
 */
export function createUuidV7(nowMs: number, randomBytes: Uint8Array): string {
  const time = nowMs.toString(16).padStart(12, "0");
  const random = [...randomBytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = ((Number.parseInt(random.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}
