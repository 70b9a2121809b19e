/** Keys of Akavelog stay far below the 1,024 bytes that S3 allows. */
const MAX_KEY_LENGTH = 1_024;
/** A file name on ext4, XFS and APFS ends at 255 bytes; the temporary name is chosen apart from the key. */
const MAX_SEGMENT_LENGTH = 255;
const SAFE_KEY = /^[A-Za-z0-9!\-_.*'()/]*$/;

/**
 * findKeyProblem says why a key is not usable in every store, or null when it is.
 * Only the characters that S3's naming guide calls safe may occur: Akave promises no others, and they are the
 * ones that need no escaping in a path, an URL or a signature.
 */
export function findKeyProblem(key: string): string | null {
  if (key === "") return "the key is empty";
  return findPrefixProblem(key) ?? (key.endsWith("/") ? "the key ends in a slash" : null);
}

/** findPrefixProblem is findKeyProblem for the start of keys: empty and an ending slash are fine. */
export function findPrefixProblem(prefix: string): string | null {
  if (prefix.length > MAX_KEY_LENGTH) return `the key is longer than ${MAX_KEY_LENGTH} characters`;
  if (!SAFE_KEY.test(prefix)) return "the key has a character that is not safe in every S3 store";
  const segments = prefix.split("/");
  for (const [index, segment] of segments.entries()) {
    if (segment === "" && index < segments.length - 1) return "the key has an empty segment";
    if (segment === "." || segment === "..") return `the key has the segment ${segment}`;
    if (segment.length > MAX_SEGMENT_LENGTH) return `a segment is longer than ${MAX_SEGMENT_LENGTH} characters`;
  }
  return null;
}
