import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";

/** UnusableStoreError: no waiting mends it; the message names the variable. */
export class UnusableStoreError extends AkavelogError {
  constructor(reason: string, options?: { cause?: unknown }) {
    super("UNUSABLE_STORE", `cannot use the object store: ${reason}`, options);
  }
}

/** A store that is silent only delays the start: logs can be taken without it. */
const INSPECTION_TIMEOUT_MS = 3_000;

/**
 * What a store says of a mistake in the configuration, by S3's code. `AccessDenied` is not among them: a key that may put
 * and get and not list does for logs, and some stores say it while they are in trouble.
 */
const REMEDIES: Record<string, string> = {
  NoSuchBucket: "create the bucket that O3_BUCKET names, or name another",
  InvalidBucketName: "check O3_BUCKET",
  InvalidAccessKeyId: "check O3_ACCESS_KEY_ID and O3_ENDPOINT",
  SignatureDoesNotMatch: "check O3_SECRET_ACCESS_KEY",
  AuthorizationHeaderMalformed: "check O3_REGION",
  IllegalLocationConstraintException: "check O3_REGION",
  PermanentRedirect: "check O3_REGION and O3_ENDPOINT",
};

/**
 * inspectStore asks for a list, which every mistake in the five variables shows in. Throws UnusableStoreError; `onTrouble`
 * is told of a store that does not answer as it should and may do so later.
 */
export async function inspectStore(
  store: Pick<ObjectStore, "list">,
  onTrouble: (reason: string) => void,
): Promise<void> {
  try {
    const objects = store.list("v1/", { signal: AbortSignal.timeout(INSPECTION_TIMEOUT_MS) });
    await objects[Symbol.asyncIterator]().next();
  } catch (error) {
    const remedy =
      error instanceof AkavelogError && error.cause instanceof Error ? REMEDIES[error.cause.name] : undefined;
    if (remedy !== undefined) throw new UnusableStoreError(`${reasonOf(error)}; ${remedy}`, { cause: error });
    onTrouble(reasonOf(error));
  }
}
