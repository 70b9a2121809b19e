import type { CommittedBatch, LineageRun } from "#app/server/ingest/batch-catalog.ts";
import { CorruptBatchError, decodeTier0Header, TIER0_SUFFIX } from "#app/server/ingest/tier0-format.ts";
import { decodeTail, TIER1_SUFFIX } from "#app/server/search/tier1-format.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";

/** DescribedObject is everything that the index keeps of an object, as the object itself says it. */
export interface DescribedObject extends Omit<CommittedBatch, "walId" | "batchNo"> {
  tier: 0 | 1;
  generation: number;
  /** The batches inside. */
  lineage: LineageRun[];
  tier1: Tier1Columns | null;
}

export interface Tier1Columns {
  promotedKeys: string[];
  tokeniser: number;
  tailStart: number;
  tailSha256: string;
}

/** Keys end in 16 digits of the object's sha256 and a suffix. */
const HASH_IN_KEY = /-([0-9a-f]{16})\.[a-z0-9.]+$/;
const TIER0_NAME = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(\d+)-[0-9a-f]{16}$/;

/** describeObject reads an object and checks it against its key. Throws CorruptBatchError and ObjectStoreError. */
export async function describeObject(store: ObjectStore, key: string, signal: AbortSignal): Promise<DescribedObject> {
  const bytes = await store.get(key, { signal });
  const sha256 = await sha256Of(bytes);
  if (HASH_IN_KEY.exec(key)?.[1] !== sha256.slice(0, 16))
    throw new CorruptBatchError(key, `its bytes have sha256 ${sha256}, which its key does not name`);
  if (key.endsWith(TIER1_SUFFIX)) return { ...(await describeTier1(bytes, key)), objectKey: key, sha256 };
  if (!key.endsWith(TIER0_SUFFIX)) throw new CorruptBatchError(key, "its name is of no known kind");
  const { walId, batchNo, ...batch } = decodeTier0Header(bytes, key).header.batch;
  return {
    ...batch,
    objectKey: key,
    sha256,
    bytes: bytes.length,
    tier: 0,
    generation: 0,
    lineage: [[walId, batchNo, batchNo]],
    tier1: null,
  };
}

/** The tail begins with the first row group's filter, right behind the last row group. */
async function describeTier1(object: Buffer, key: string): Promise<Omit<DescribedObject, "objectKey" | "sha256">> {
  const { promotedKeys, tokeniser, rowGroups, ...batch } = decodeTail(object, key);
  const tailStart = rowGroups[0]?.filterStart ?? object.length;
  const tailSha256 = await sha256Of(object.subarray(tailStart));
  return { ...batch, bytes: object.length, tier: 1, tier1: { promotedKeys, tokeniser, tailStart, tailSha256 } };
}

/** ObjectPlace is where an object stands among those that hold the same batches. */
export interface ObjectPlace {
  key: string;
  generation: number;
  lineage: LineageRun[];
}

/** placeInLineage says which batches are in an object; of tier 0 its name tells. */
export async function placeInLineage(store: ObjectStore, key: string, signal: AbortSignal): Promise<ObjectPlace> {
  const match = key.endsWith(TIER0_SUFFIX) ? TIER0_NAME.exec(key.slice(0, -TIER0_SUFFIX.length)) : null;
  if (match !== null) {
    const batchNo = Number(match[2]);
    return { key, generation: 0, lineage: [[match[1] ?? "", batchNo, batchNo]] };
  }
  const { generation, lineage } = await describeObject(store, key, signal);
  return { key, generation, lineage };
}
