import { AkavelogError } from "#app/core/errors.ts";

/**
 * ObjectStore keeps immutable objects under unique keys: nothing is overwritten with other bytes but what says so itself.
 * Implementations: `file-system-object-store.ts` (embedded) and `s3-object-store.ts` (Akave O3 and other S3 stores);
 * one case suite runs against each.
 */
export interface ObjectStore {
  /** Stores `bytes` under `key`, durable when it resolves. `sha256` is hex of the bytes and is kept with the object. */
  put(key: string, bytes: Uint8Array, options: PutOptions): Promise<void>;
  /** The whole object, or its bytes `[start, end)`. Throws ObjectNotFoundError when there is none. */
  get(key: string, options?: GetOptions): Promise<Buffer>;
  /** Size and what is known of an object, or null when there is none. */
  head(key: string, options?: { signal?: AbortSignal }): Promise<ObjectHead | null>;
  /** Every object below a prefix, in key order. */
  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<{ key: string; sizeBytes: number }>;
  /** Removes the object and, where the store keeps versions, every version of it. Nothing there is fine. */
  delete(key: string, options?: { signal?: AbortSignal }): Promise<void>;
  close(): Promise<void>;
}

export interface PutOptions {
  sha256: string;
  /** Lets the bytes take the place of what is stored under the key, at once or not at all. Only `project.json` changes. */
  replaces?: boolean;
  signal?: AbortSignal;
}

export interface GetOptions {
  range?: { start: number; end: number };
  signal?: AbortSignal;
}

export interface ObjectHead {
  sizeBytes: number;
  /** Hex, or null where the store does not return custom metadata. */
  sha256: string | null;
  /** What Akave's network says of the archived form; never compared with the bytes. */
  network?: { rootCid: string; state: string };
}

/** ObjectStoreError says which operation on which key failed, and whether trying again can help. */
export class ObjectStoreError extends AkavelogError {
  readonly operation: string;
  readonly key: string;
  readonly retryable: boolean;

  constructor(
    operation: string,
    key: string,
    reason: string,
    options: { retryable: boolean; cause?: unknown; code?: string },
  ) {
    super(options.code ?? "OBJECT_STORE", `cannot ${operation} object ${key}: ${reason}`, { cause: options.cause });
    this.operation = operation;
    this.key = key;
    this.retryable = options.retryable;
  }
}

export class ObjectNotFoundError extends ObjectStoreError {
  constructor(operation: string, key: string, options?: { cause?: unknown }) {
    super(operation, key, "there is no such object", { retryable: false, code: "OBJECT_NOT_FOUND", ...options });
  }
}
