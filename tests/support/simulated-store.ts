import { ObjectNotFoundError, ObjectStoreError, type ObjectStore } from "#app/server/o3/object-store.ts";
import { createHash } from "node:crypto";

/** SimulatedBucket is the store that all processes share. */
export type SimulatedBucket = Map<string, Buffer>;

/** StoreFault is what happens to one request; see `storeFaultsOf` for which operation can have which. */
export type StoreFault =
  | "none"
  | "refused"
  /** It happened, and the answer got lost. */
  | "reply lost"
  /** The client gave up, and it happens a little later. */
  | "late"
  /** Other bytes than were sent, or than are stored. */
  | "damaged"
  /** The store does not show yet what it has. */
  | "stale"
  | "locked";

export interface StoreAccess {
  /** Passes some time on the way to the store and back; never returns to a process that is dead. */
  travel: () => Promise<void>;
  chooseFault: (among: readonly StoreFault[]) => StoreFault;
  later: (effect: () => void) => void;
}

const PUT_FAULTS = ["refused", "reply lost", "late", "damaged"] as const;
const READ_FAULTS = ["refused", "damaged"] as const;
const HEAD_FAULTS = ["refused", "stale"] as const;
const DELETE_FAULTS = ["refused", "reply lost", "locked"] as const;

/** simulatedStore is one process's way to the bucket. */
export function simulatedStore(bucket: SimulatedBucket, { travel, chooseFault, later }: StoreAccess): ObjectStore {
  return {
    async put(key, given) {
      const bytes = Buffer.from(given);
      const fault = chooseFault(PUT_FAULTS);
      await travel();
      if (fault === "late") later(() => bucket.set(key, bytes));
      else if (fault !== "refused") bucket.set(key, fault === "damaged" ? damaged(bytes, STORED_WRONG) : bytes);
      await travel();
      if (fault !== "none" && fault !== "damaged") throw failed("put", key);
    },
    async get(key) {
      const fault = chooseFault(READ_FAULTS);
      await travel();
      const bytes = bucket.get(key);
      await travel();
      if (fault === "refused") throw failed("get", key);
      if (bytes === undefined) throw new ObjectNotFoundError("get", key);
      return fault === "damaged" ? damaged(bytes, READ_WRONG) : bytes;
    },
    async head(key) {
      const fault = chooseFault(HEAD_FAULTS);
      await travel();
      const bytes = bucket.get(key);
      await travel();
      if (fault === "refused") throw failed("head", key);
      if (bytes === undefined || fault === "stale") return null;
      return { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    },
    async *list(prefix) {
      const fault = chooseFault(["refused"]);
      await travel();
      if (fault === "refused") throw failed("list", prefix);
      for (const [key, { length }] of [...bucket]) if (key.startsWith(prefix)) yield { key, sizeBytes: length };
    },
    async delete(key) {
      const fault = chooseFault(DELETE_FAULTS);
      await travel();
      if (fault === "locked") throw new ObjectStoreError("delete", key, "it is locked", { retryable: false });
      if (fault !== "refused") bucket.delete(key);
      await travel();
      if (fault !== "none") throw failed("delete", key);
    },
    close: () => Promise.resolve(),
  };
}

function failed(operation: string, key: string): ObjectStoreError {
  return new ObjectStoreError(operation, key, "injected", { retryable: true });
}

/** Two bits, so that one fault never mends another. */
const STORED_WRONG = 4;
const READ_WRONG = 8;

function damaged(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(copy.length >> 1) ^ bit, copy.length >> 1);
  return copy;
}
