import { expect, test } from "vitest";
import { MemoryBudget } from "#app/server/protocols/memory-budget.ts";

test("one project cannot take the memory of all", () => {
  const memory = new MemoryBudget(100);
  expect(memory.tryReserve("noisy", 30)).toBe(true);
  expect(memory.tryReserve("noisy", 30)).toBe(false);
  expect(memory.tryReserve("noisy", 20)).toBe(true);
  expect(memory.tryReserve("quiet", 50)).toBe(true);
  expect(memory.tryReserve("third", 1)).toBe(false);
  memory.release("noisy", 50);
  expect(memory.usedBytes).toBe(50);
  expect(memory.tryReserve("third", 50)).toBe(true);
});

test("a single request may be larger than half of it", () => {
  const memory = new MemoryBudget(100);
  expect(memory.tryReserve("p", 90)).toBe(true);
  memory.release("p", 90);
  expect(memory.tryReserve("p", 101)).toBe(false);
});
