import { reasonOf } from "#app/core/errors.ts";
import { buildTier1, type Tier1Built, type Tier1Input } from "#app/server/compaction/build-tier1.ts";

/** What the process that compacts answers with before it ends. */
export type BuildOutcome = { built: Tier1Built } | { failed: string };

process.on("disconnect", () => process.exit());
process.once("message", (input: Tier1Input) => {
  void buildTier1(input)
    .then(
      (built): BuildOutcome => ({ built }),
      (error: unknown): BuildOutcome => ({ failed: reasonOf(error) }),
    )
    .then((outcome) => process.send?.(outcome, () => process.exit()));
});
