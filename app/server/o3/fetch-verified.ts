import { AkavelogError } from "#app/core/errors.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import { sha256Of } from "#app/server/o3/sha256.ts";

/** CorruptObjectError: the store answered with bytes that were never put under this key. */
export class CorruptObjectError extends AkavelogError {
  readonly key: string;

  constructor(key: string, reason: string) {
    super("CORRUPT_OBJECT", `cannot use object ${key}: ${reason}`);
    this.key = key;
  }
}

/**
 * fetchVerified is a whole object, checked by its sha256 before anyone sees it.
 * It asks once: whether damage is worth another reading is for the caller to say.
 */
export async function fetchVerified(
  store: ObjectStore,
  key: string,
  sha256: string,
  options: { signal?: AbortSignal } = {},
): Promise<Buffer> {
  const bytes = await store.get(key, options);
  const found = await sha256Of(bytes);
  if (found !== sha256) {
    throw new CorruptObjectError(key, `its ${bytes.length} bytes have sha256 ${found}, the index says ${sha256}`);
  }
  return bytes;
}
