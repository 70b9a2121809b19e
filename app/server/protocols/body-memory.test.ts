import { expect, test } from "vitest";
import { giveBodyMemory, takeBodyMemory } from "#app/server/protocols/body-memory.ts";

const KIB = 1024;

test("memory that was given back is taken again where it suffices, and never by two at once", () => {
  const first = takeBodyMemory(200 * KIB) as Buffer;
  const second = takeBodyMemory(200 * KIB) as Buffer;
  expect(first.length).toBeGreaterThanOrEqual(200 * KIB);
  expect(second.buffer).not.toBe(first.buffer);
  giveBodyMemory(first);
  expect(takeBodyMemory(800 * KIB)?.buffer).not.toBe(first.buffer);
  expect(takeBodyMemory(100 * KIB)?.buffer).toBe(first.buffer);
  expect(takeBodyMemory(100 * KIB)?.buffer).not.toBe(first.buffer);
});

test("bodies of one piece and very large ones have memory of their own", () => {
  expect(takeBodyMemory(0)).toBeNull();
  expect(takeBodyMemory(64 * KIB - 1)).toBeNull();
  expect(takeBodyMemory(KIB * KIB + 1)).toBeNull();
});
