import { expect, test } from "vitest";
import type { Candidate } from "#app/server/compaction/compaction-catalog.ts";
import { planStep } from "#app/server/compaction/plan-step.ts";

const MIB = 1024 * 1024;
const MIN_AGE_MS = 1000;

function candidate(id: string, tier: 0 | 1, rawMib: number, ageMs: number): Candidate {
  const object = { objectKey: id, sha256: "", generation: tier, tsStartNs: 0n, tailStart: null };
  return { id, tier, ageMs, rawBytes: rawMib * MIB, ...object };
}

function flushed(count: number, rawMib: number, ageMs: number): Candidate[] {
  return Array.from({ length: count }, (_, i) => candidate(`${ageMs}-${i}`, 0, rawMib, ageMs));
}

function plannedIds(candidates: Candidate[]): string[] | null {
  return planStep(candidates, MIN_AGE_MS)?.map(({ id }) => id) ?? null;
}

test("objects wait while younger ones come, and go together when none is left", () => {
  expect(planStep([...flushed(3, 5, 2000), ...flushed(1, 5, 10)], MIN_AGE_MS)).toBeNull();
  expect(planStep(flushed(3, 5, 2000), MIN_AGE_MS)).toHaveLength(3);
});

test("a full step does not wait, nor do many objects or old ones", () => {
  const young = candidate("young", 0, 5, 10);
  expect(planStep([...flushed(60, 5, 2000), young], MIN_AGE_MS)).toHaveLength(51);
  expect(planStep([...flushed(200, 0.1, 2000), young], MIN_AGE_MS)).toHaveLength(200);
  expect(plannedIds([candidate("old", 0, 5, 6000), young])).toEqual(["old"]);
  expect(planStep([young], MIN_AGE_MS)).toBeNull();
});

test("a compacted object is merged again only when it is not much larger than what it is merged with", () => {
  const small = candidate("small", 1, 10, 0);
  const large = candidate("large", 1, 60, 0);
  expect(plannedIds([large, small, candidate("a", 0, 5, 2000)])).toEqual(["a", "small"]);
  expect(plannedIds([small, candidate("a", 0, 4, 2000)])).toEqual(["a"]);
  expect(plannedIds([small])).toBeNull();
});
