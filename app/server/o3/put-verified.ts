import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";

export interface PutVerifiedOptions {
  /**
   * `read-back` fetches what was stored and hashes it. `trust-store` leaves that out and is right only for a store
   * that was seen to refuse a PUT whose payload does not have the announced sha256 (`probeStore` tells).
   */
  verify: "read-back" | "trust-store";
  /** An earlier put of this key has failed or its outcome is unknown, in this process or before a crash. */
  retried: boolean;
  signal?: AbortSignal;
}

/**
 * A damaged byte on the way back looks like one in the store. Asked twice, the same wrong hash means the store;
 * more readings would only delay the next put.
 */
const MAX_READ_BACKS = 2;

/**
 * putVerified stores an object and returns once the store is known to hold exactly these bytes.
 * A put that was retried looks first: the reply of an earlier one may have been lost after its success, and on a
 * versioned store every further put would keep one more copy.
 */
export async function putVerified(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  sha256: string,
  options: PutVerifiedOptions,
): Promise<"stored" | "already-stored"> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  if (options.retried && (await isStored())) return "already-stored";
  await store.put(key, bytes, { sha256, ...signal });
  if (options.verify === "read-back") await readBack();
  return "stored";

  async function isStored(): Promise<boolean> {
    const head = await store.head(key, signal);
    if (head === null || head.sizeBytes !== bytes.length) return false;
    // The metadata says what was sent, not what arrived; without it there is no answer short of reading.
    if (head.sha256 === sha256 && options.verify === "trust-store") return true;
    if (head.sha256 !== null && head.sha256 !== sha256) return false;
    return (await hashStored()) === sha256;
  }

  async function readBack(): Promise<void> {
    let found: string | null = null;
    for (let reading = 0; reading < MAX_READ_BACKS; reading++) {
      found = await hashStored();
      if (found === sha256) return;
    }
    const reason =
      found === null
        ? "it was put and is not there"
        : `the store holds other bytes under this key, with sha256 ${found} instead of ${sha256}`;
    throw new ObjectStoreError("verify", key, reason, { retryable: true, code: "OBJECT_NOT_VERIFIED" });
  }

  async function hashStored(): Promise<string | null> {
    try {
      return await sha256Of(await store.get(key, signal));
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return null;
      throw error;
    }
  }
}
