import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";

/** Longer than a store takes that is well. */
const INSPECTION_TIMEOUT_MS = 3_000;

/** What a store says of a mistake in the configuration, by S3's code. */
const REMEDIES: Record<string, string> = {
  NoSuchBucket: "create the bucket that O3_BUCKET names, or name another",
  InvalidBucketName: "check O3_BUCKET",
  InvalidAccessKeyId: "check O3_ACCESS_KEY_ID and O3_ENDPOINT",
  SignatureDoesNotMatch: "check O3_SECRET_ACCESS_KEY",
  AuthorizationHeaderMalformed: "check O3_REGION",
  IllegalLocationConstraintException: "check O3_REGION",
  AccessDenied: "let O3_ACCESS_KEY_ID list, read, write and delete in the bucket",
  PermanentRedirect: "check O3_REGION and O3_ENDPOINT",
};

/**
 * findStoreTrouble asks for a list, which every mistake in the five variables shows in, and returns why there was none and
 * what may mend that; null when the store is well. Never throws.
 */
export async function findStoreTrouble(store: Pick<ObjectStore, "list">): Promise<string | null> {
  try {
    const objects = store.list("v1/", { signal: AbortSignal.timeout(INSPECTION_TIMEOUT_MS) });
    await objects[Symbol.asyncIterator]().next();
    return null;
  } catch (error) {
    const remedy =
      error instanceof AkavelogError && error.cause instanceof Error ? REMEDIES[error.cause.name] : undefined;
    return remedy === undefined ? reasonOf(error) : `${reasonOf(error)}; ${remedy}`;
  }
}
