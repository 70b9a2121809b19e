import { reasonOf } from "#app/core/errors.ts";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";

/**
 * A path that is a folder where a file should be, or is forbidden, stays so until a person changes it.
 * All else (a full disk, a failing read, no free file descriptors) may pass, so the bytes are kept and tried again.
 */
const LASTING_CODES = new Set(["EACCES", "EPERM", "EROFS", "EISDIR", "ENOTDIR", "ENAMETOOLONG", "ELOOP"]);

/** toFileStoreError turns what the disk threw into the store's own errors; store errors pass unchanged. */
export function toFileStoreError(operation: string, key: string, error: unknown): ObjectStoreError {
  if (error instanceof ObjectStoreError) return error;
  const code = codeOf(error);
  const reason = code === "ENOSPC" || code === "EDQUOT" ? `the disk is full (${code})` : reasonOf(error);
  return new ObjectStoreError(operation, key, reason, {
    retryable: code === undefined || !LASTING_CODES.has(code),
    cause: error,
  });
}

/** toFileReadError is toFileStoreError for reads, where a missing file or a folder at that path is a missing object. */
export function toFileReadError(operation: string, key: string, error: unknown): ObjectStoreError {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") {
    return new ObjectNotFoundError(operation, key, { cause: error });
  }
  return toFileStoreError(operation, key, error);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
