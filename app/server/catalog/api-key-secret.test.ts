import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { generateApiKey, hashApiKey, isWellFormedApiKey, prefixOfApiKey } from "#app/server/catalog/api-key-secret.ts";

test("a thousand keys are all different, well formed and 36 characters long", () => {
  const keys = Array.from({ length: 1_000 }, generateApiKey);
  expect(new Set(keys).size).toBe(1_000);
  for (const key of keys) {
    expect(key).toMatch(/^akl_[0-9A-Za-z]{32}$/);
    expect(isWellFormedApiKey(key)).toBe(true);
  }
});

test("the checksum is the CRC-32 of everything before it in base62", () => {
  const key = generateApiKey();
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const value = Array.from(key.slice(-6)).reduce((sum, digit) => sum * 62 + alphabet.indexOf(digit), 0);
  expect(value).toBe(crc32(key.slice(0, 30)));
});

test("every single changed character is noticed", () => {
  const key = generateApiKey();
  for (let at = 0; at < key.length; at++) {
    const changed = key.slice(0, at) + (key[at] === "x" ? "y" : "x") + key.slice(at + 1);
    expect(isWellFormedApiKey(changed)).toBe(false);
  }
});

test.each(["", "akl_", "akl_" + "0".repeat(31), "akl_" + "0".repeat(32), "AKL_" + "0".repeat(32)])(
  "%j is no key",
  (text) => {
    expect(isWellFormedApiKey(text)).toBe(false);
  },
);

test("nothing around a key is tolerated", () => {
  const key = generateApiKey();
  for (const text of [` ${key}`, `${key}\n`, `${key}0`, key.toUpperCase()])
    expect(isWellFormedApiKey(text)).toBe(false);
});

test("the shown prefix tells keys apart and is useless without the rest", () => {
  const key = generateApiKey();
  expect(prefixOfApiKey(key)).toBe(key.slice(0, 10));
  expect(hashApiKey(key)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashApiKey(key)).not.toContain(key.slice(4));
});
