import { move, transferableSymbol, valueSymbol } from "piscina";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import type { BuiltInThread } from "#app/server/ingest/seal-pool.ts";
import type { Tier0Input } from "#app/server/ingest/tier0-input.ts";

/** The thread that builds objects: sorting and compressing a batch takes longer than a request may wait. */
export default function sealInWorker(input: Tier0Input | null): unknown {
  if (input === null) return null;
  const built: BuiltInThread = { object: buildTier0(input), memory: input.memory };
  // The object is copied to the other thread: small ones lie in memory that Node shares between buffers.
  return move({ [transferableSymbol]: built.memory, [valueSymbol]: built });
}
