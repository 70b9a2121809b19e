import type { Candidate } from "#app/server/compaction/compaction-catalog.ts";

/** What one step takes in at most, as raw lines. */
const MAX_STEP_RAW_BYTES = 256 * 1024 * 1024;
const MAX_STEP_OBJECTS = 2_000;
/** Waiting for more ends after so many times the age that objects must have, or with that many of them. */
const MAX_WAIT = 6;
const MAX_WAITING_OBJECTS = 200;
/** A compacted object is compacted again only with that much beside it, so that no entry is often rewritten. */
const MAX_OVERWEIGHT = 2;

/**
 * planStep picks the objects that the next step merges: those of tier 0 that come first in time, and compacted ones that
 * are not much larger than what is merged with them. Null when there is nothing of tier 0, or too little while more is
 * still coming: what is compacted in small pieces has to be merged again.
 */
export function planStep(candidates: readonly Candidate[], minAgeMs: number): Candidate[] | null {
  const flushed = candidates.filter(({ tier }) => tier === 0);
  const ready = flushed.filter(({ ageMs }) => ageMs >= minAgeMs);
  const step: Candidate[] = [];
  let rawBytes = 0;
  let isFull = false;
  for (const candidate of ready) {
    isFull =
      step.length === MAX_STEP_OBJECTS || (step.length > 0 && rawBytes + candidate.rawBytes > MAX_STEP_RAW_BYTES);
    if (isFull) break;
    step.push(candidate);
    rawBytes += candidate.rawBytes;
  }
  const isWaiting =
    ready.length < flushed.length &&
    ready.length < MAX_WAITING_OBJECTS &&
    ready.every(({ ageMs }) => ageMs < MAX_WAIT * minAgeMs);
  if (step.length === 0 || (isWaiting && !isFull)) return null;
  const compacted = candidates.filter(({ tier }) => tier === 1).sort((a, b) => a.rawBytes - b.rawBytes);
  for (const candidate of compacted) {
    if (candidate.rawBytes > MAX_OVERWEIGHT * rawBytes || rawBytes + candidate.rawBytes > MAX_STEP_RAW_BYTES) break;
    step.push(candidate);
    rawBytes += candidate.rawBytes;
  }
  return step;
}
