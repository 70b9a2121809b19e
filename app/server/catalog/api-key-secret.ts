import { hash, randomInt } from "node:crypto";
import { crc32 } from "node:zlib";

/*
 * An API key is `akl_`, 26 random base62 characters (154 bits) and 6 checksum characters. The checksum is the CRC-32
 * (zlib's) of everything before it, written in base62 with leading zeros: 62^6 > 2^32. It tells typing mistakes and
 * made-up keys from real ones without asking the database, and lets secret scanners recognise a leaked key. It is not
 * a secret and protects nothing else.
 */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SCHEME = "akl_";
const RANDOM_LENGTH = 26;
const CHECKSUM_LENGTH = 6;
const FORM = new RegExp(`^${SCHEME}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** How much of a key is kept to show which one it is: the scheme and 6 of its 26 random characters. */
const PREFIX_LENGTH = SCHEME.length + 6;

/** generateApiKey makes a new key. It is shown once; only its sha256 is stored. */
export function generateApiKey(): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  return SCHEME + random + checksumOf(SCHEME + random);
}

/** isWellFormedApiKey checks form and checksum. */
export function isWellFormedApiKey(key: string): boolean {
  return FORM.test(key) && checksumOf(key.slice(0, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH);
}

/** hashApiKey returns the hex sha256 under which a key is stored. The key is random, so it needs no salt and no slow hash. */
export function hashApiKey(key: string): string {
  return hash("sha256", key);
}

/** prefixOfApiKey is the part that may be shown. */
export function prefixOfApiKey(key: string): string {
  return key.slice(0, PREFIX_LENGTH);
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let at = 0; at < CHECKSUM_LENGTH; at++) {
    digits = (ALPHABET[rest % ALPHABET.length] ?? "") + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
