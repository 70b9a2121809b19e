import { move, transferableSymbol, valueSymbol } from "piscina";
import { buildTier0, type Tier0Input } from "#app/server/ingest/build-tier0.ts";
import type { BuiltInThread } from "#app/server/ingest/seal-pool.ts";

/** The thread that builds objects: sorting and compressing a batch takes longer than a request may wait. */
export default function sealInWorker(input: Tier0Input): unknown {
  const { bytes, ms } = input.block;
  // A Buffer arrives in another thread as a plain Uint8Array.
  const object = buildTier0({
    ...input,
    block: { ...input.block, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) },
  });
  const built: BuiltInThread = { object, memory: ms.buffer as ArrayBuffer };
  // The object is copied to the other thread: small ones lie in memory that Node shares between buffers.
  return move({ [transferableSymbol]: built.memory, [valueSymbol]: built });
}
