import { execFileSync } from "node:child_process";

/** seededRandom is mulberry32: uniform in [0, 1), the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * seedOf is where random tests begin: what the variable says, or else a number that the commit gives, so that a commit
 * passes or fails the same way everywhere. Other numbers are for `npm run test:long`.
 */
export function seedOf(variable: string): number {
  return Number(process.env[variable] ?? (commitSeed ??= readCommitSeed()));
}

let commitSeed: number | undefined;

function readCommitSeed(): number {
  try {
    const commit = execFileSync("git", ["rev-parse", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return Number.parseInt(commit.slice(0, 7), 16);
  } catch {
    return 1;
  }
}
