import { buildTier0, type Tier0Input, type Tier0Object } from "#app/server/ingest/build-tier0.ts";

/** The thread that builds objects: sorting and compressing a batch takes longer than a request may wait. */
export default function sealInWorker(input: Tier0Input): Tier0Object {
  const { bytes } = input.block;
  // A Buffer arrives in another thread as a plain Uint8Array.
  return buildTier0({
    ...input,
    block: { ...input.block, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) },
  });
}
