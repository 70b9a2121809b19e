import { decodeTier0Header, type Tier0Block } from "#app/server/ingest/tier0-format.ts";
import type { StoredLines } from "#app/server/search/scan-work.ts";

/** PlacedBlock is a block of an object of tier 0, and a way to copy it for the scanner. */
export interface PlacedBlock {
  block: Tier0Block;
  copy: () => StoredLines;
}

/** placedBlocks finds the blocks of an object of tier 0. Throws CorruptBatchError. */
export function placedBlocks(object: Buffer, objectName: string): PlacedBlock[] {
  const { header, blocksStart } = decodeTier0Header(object, objectName);
  let end = blocksStart;
  return header.blocks.map((block) => {
    const start = end;
    end += block.bytes;
    return {
      block,
      copy: () => ({
        kind: "stored",
        frame: new Uint8Array(object.subarray(start, start + block.bytes)),
        block,
        objectName,
      }),
    };
  });
}
