import { reasonOf } from "#app/core/errors.ts";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";

/** The store hashed what arrived and found something else than was announced. */
const HASH_CODES = new Set(["XAmzContentSHA256Mismatch", "BadDigest"]);
/** Refusals with a 4xx status that another try can turn into success, by the store's code. */
const PASSING_CODES = new Set([
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TooManyRequests",
  "RequestTimeout",
  "OperationAborted",
  // The SDK corrects its clock by the Date header of this very answer.
  "RequestTimeTooSkewed",
  // The bytes were damaged or cut on the way; ours are still whole.
  "IncompleteBody",
  ...HASH_CODES,
]);
const PASSING_STATUSES = new Set([408, 425, 429]);

/** toS3StoreError turns what the SDK threw into the store's own errors; store errors pass unchanged. */
export function toS3StoreError(operation: string, key: string, error: unknown): ObjectStoreError {
  if (error instanceof ObjectStoreError) return error;
  const status = statusOf(error);
  const code = error instanceof Error ? error.name : "";
  if (status === 404 && code !== "NoSuchBucket") return new ObjectNotFoundError(operation, key, { cause: error });
  return new ObjectStoreError(operation, key, describe(status, code, error), {
    retryable: isRetryable(status, code, error),
    cause: error,
    ...(status === 403 ? { code: "OBJECT_STORE_DENIED" } : {}),
    ...(HASH_CODES.has(code) ? { code: "OBJECT_HASH_REFUSED" } : {}),
  });
}

/** isUnsupported tells a store without an operation from one that failed at it. */
export function isUnsupported(error: unknown): boolean {
  const status = statusOf(error);
  const code = error instanceof Error ? error.name : "";
  return status === 405 || status === 501 || code === "NotImplemented" || code === "MethodNotAllowed";
}

function isRetryable(status: number | undefined, code: string, error: unknown): boolean {
  if (PASSING_CODES.has(code)) return true;
  // Without a status nothing was understood of an answer: resets, refused connections, replies cut in the middle.
  // A TypeError is a mistake in the request itself.
  if (status === undefined) return !(error instanceof TypeError) && code !== "CredentialsProviderError";
  // A status below 400 means that the reply began well and could not be read to its end.
  if (status < 400) return true;
  if (status === 501) return false;
  return status >= 500 || PASSING_STATUSES.has(status);
}

function describe(status: number | undefined, code: string, error: unknown): string {
  const reason = reasonOf(error);
  if (status === undefined) return reason === "" ? code : reason;
  // A HEAD has no body to explain itself, and the SDK then says "UnknownError".
  const isTelling = reason !== "" && !reason.startsWith("Unknown") && reason !== code;
  return `the store answered ${status}${code === "" ? "" : ` ${code}`}${isTelling ? `: ${reason}` : ""}`;
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/**
 * assertIsList throws when an answer to a list is none: a page that some proxy gave in the place of the store reads as a list
 * of nothing, but does not say whether there is more, as every list does. `reindex`, the sweep and deletions believe a list.
 */
export function assertIsList(operation: string, key: string, isTruncated: boolean | undefined, count: number): void {
  if (isTruncated === undefined && count === 0) {
    throw new ObjectStoreError(operation, key, "the answer is no list; a proxy may have given it", { retryable: true });
  }
}
