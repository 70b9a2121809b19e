import type { Candidate } from "#app/server/compaction/compaction-catalog.ts";

/** What one step takes in at most, as raw lines: sorting them must fit into little memory. */
const MAX_STEP_RAW_BYTES = 128 * 1024 * 1024;
const MAX_STEP_OBJECTS = 2_000;
/** A compacted object is compacted again only with that much beside it, so that no entry is often rewritten. */
const MAX_OVERWEIGHT = 2;

/**
 * planStep picks the objects that the next step merges: those of tier 0 that come first in time, and compacted ones that
 * are not much larger than what is merged with them. Null when there is nothing of tier 0.
 */
export function planStep(candidates: readonly Candidate[]): Candidate[] | null {
  const step: Candidate[] = [];
  let rawBytes = 0;
  for (const candidate of candidates) {
    if (candidate.tier !== 0) continue;
    if (step.length === MAX_STEP_OBJECTS || (step.length > 0 && rawBytes + candidate.rawBytes > MAX_STEP_RAW_BYTES)) break;
    step.push(candidate);
    rawBytes += candidate.rawBytes;
  }
  if (step.length === 0) return null;
  const compacted = candidates.filter(({ tier }) => tier === 1).sort((a, b) => a.rawBytes - b.rawBytes);
  for (const candidate of compacted) {
    if (candidate.rawBytes > MAX_OVERWEIGHT * rawBytes || rawBytes + candidate.rawBytes > MAX_STEP_RAW_BYTES) break;
    step.push(candidate);
    rawBytes += candidate.rawBytes;
  }
  return step;
}
