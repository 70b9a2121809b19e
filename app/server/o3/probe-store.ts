import { randomBytes } from "node:crypto";
import { reasonOf } from "#app/core/errors.ts";
import { ObjectStoreError } from "#app/server/o3/object-store.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";

/** The checks of the doctor's table, in the order they run. */
export type ProbeCheck =
  "put" | "head" | "metadata" | "get" | "range" | "list" | "overwrite" | "versions" | "wrong-payload-hash" | "delete";

/**
 * ProbeResult is one line of the table. `ok` says that the store does what the check is named after. `put`, `head`,
 * `get`, `list` and `delete` are needed; without the others Akavelog works in another way, which `detail` names.
 */
export interface ProbeResult {
  check: ProbeCheck;
  ok: boolean;
  detail: string;
  ms: number;
}

export interface ProbeOptions {
  /** Lowercase letters and digits that no other run uses: the key is made of it. */
  runId: string;
  /** Milliseconds of a clock that only goes forward. */
  nowMs: () => number;
  /** Counts the versions of a key; left out for stores that keep none. */
  countVersions?: (key: string) => Promise<number | null>;
  /** Whether only the wanted range is sent; left out where `get` reads nothing else anyway. */
  answersRanges?: (key: string) => Promise<boolean>;
  signal?: AbortSignal;
}

/** Enough for a range that neither starts nor ends with the object. */
const PROBE_BYTES = 4_096;
const RANGE = { start: 1_000, end: 1_100 };

/**
 * probeStore tries out, on the running store, everything that its documentation may leave open.
 * It writes two small objects below `akavelog-doctor/`; the last check removes them, whatever the others found.
 */
export async function probeStore(store: ObjectStore, options: ProbeOptions): Promise<ProbeResult[]> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const prefix = `akavelog-doctor/${options.runId}/`;
  const key = `${prefix}object`;
  const rejectedKey = `${prefix}wrong-hash`;
  const bytes = randomBytes(PROBE_BYTES);
  const sha256 = await sha256Of(bytes);
  const results: ProbeResult[] = [];

  await check("put", async () => {
    await store.put(key, bytes, { sha256, ...signal });
    return `${bytes.length} bytes stored`;
  });
  await check("head", async () => {
    const head = await store.head(key, signal);
    if (head?.sizeBytes !== bytes.length)
      throw new Error(`said ${head?.sizeBytes ?? "nothing"} instead of ${bytes.length} bytes`);
    return head.network === undefined ? "size is right" : `size is right, archived as ${head.network.rootCid}`;
  });
  await check("metadata", async () => {
    const head = await store.head(key, signal);
    if (head?.sha256 !== sha256) throw new Error("our sha256 does not come back: retried puts are decided by reading");
    return "our sha256 comes back";
  });
  await check("get", async () => {
    if (!(await store.get(key, signal)).equals(bytes)) throw new Error("other bytes came back");
    return "the same bytes came back";
  });
  await check("range", async () => {
    const found = await store.get(key, { range: RANGE, ...signal });
    if (!found.equals(bytes.subarray(RANGE.start, RANGE.end))) throw new Error("other bytes came back");
    if ((await options.answersRanges?.(key)) === false) throw new Error("ignored: whole objects are fetched and cut");
    return `bytes ${RANGE.start} to ${RANGE.end} came back`;
  });
  await check("list", async () => {
    for await (const found of store.list(prefix, signal)) if (found.key === key) return "the object is listed";
    throw new Error("the object is not listed right after its put");
  });
  await check("overwrite", async () => {
    const other = randomBytes(PROBE_BYTES);
    try {
      await store.put(key, other, { sha256: await sha256Of(other), ...signal });
    } catch (error) {
      if (isOverwriteRefusal(error)) return "other bytes under a taken key are refused";
      throw error;
    }
    if (!(await store.get(key, signal)).equals(other)) throw new Error("the old bytes came back after an overwrite");
    return "the newest bytes are read";
  });
  await check("versions", async () => {
    if (options.countVersions === undefined) return "there is one file for each object";
    const count = await options.countVersions(key);
    if (count === null) throw new Error("versions are not listed: a delete is a plain delete");
    return count > 1 ? `${count} versions kept: a delete names each` : "one version kept";
  });
  await check("wrong-payload-hash", async () => {
    try {
      await store.put(rejectedKey, bytes, { sha256: await sha256Of(Buffer.from("other")), ...signal });
    } catch (error) {
      if (!isHashRefusal(error)) throw error;
      if ((await store.head(rejectedKey, signal)) !== null)
        throw new Error("refused, and stored all the same", { cause: error });
      return "refused: uploads need no reading back";
    }
    throw new Error("stored: every upload is read back");
  });
  await check("delete", async () => {
    await store.delete(rejectedKey, signal);
    await store.delete(key, signal);
    if ((await store.head(key, signal)) !== null) throw new Error("the object is still there");
    const left = (await options.countVersions?.(key)) ?? 0;
    if (left > 0) throw new Error(`${left} versions are left`);
    return "nothing is left";
  });
  return results;

  async function check(name: ProbeCheck, work: () => Promise<string>): Promise<void> {
    options.signal?.throwIfAborted();
    const startMs = options.nowMs();
    const { ok, detail } = await work().then(
      (found) => ({ ok: true, detail: found }),
      (error: unknown) => ({ ok: false, detail: reasonOf(error) }),
    );
    results.push({ check: name, ok, detail, ms: Math.round(options.nowMs() - startMs) });
  }
}

/**
 * A timeout or a busy store says nothing about hashes, and taking it for a refusal would switch off the reading back.
 * A lasting refusal counts whatever its code is, since a put that differs only in its hash was taken just before.
 */
function isHashRefusal(error: unknown): boolean {
  return error instanceof ObjectStoreError && (error.code === "OBJECT_HASH_REFUSED" || !error.retryable);
}

function isOverwriteRefusal(error: unknown): boolean {
  return error instanceof ObjectStoreError && error.code === "OBJECT_EXISTS";
}
