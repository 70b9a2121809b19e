import { reasonOf } from "#app/core/errors.ts";
import { buildTier1, type Tier1Built, type Tier1Input } from "#app/server/compaction/build-tier1.ts";
import { SliceKernel } from "#app/server/compaction/slice-kernel.ts";

/** What the process that compacts answers each input with, before it is given the next. */
export type BuildOutcome = { built: Tier1Built } | { failed: string };

const kernel = new SliceKernel();

process.on("disconnect", () => process.exit());
process.on("message", (input: Tier1Input) => {
  void buildTier1(input, kernel)
    .then(
      (built): BuildOutcome => ({ built }),
      (error: unknown): BuildOutcome => ({ failed: reasonOf(error) }),
    )
    .then((outcome) => process.send?.(outcome));
});
