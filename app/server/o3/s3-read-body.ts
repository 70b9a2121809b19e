import { ObjectStoreError } from "#app/server/o3/object-store.ts";

/** What the response headers promise of the body. */
export interface BodyPromise {
  key: string;
  contentLength: number | undefined;
  contentRange: string | undefined;
  range: { start: number; end: number } | undefined;
}

/**
 * readBody collects a GetObject body and holds it to its headers: a connection that ends early and a proxy that
 * cuts are errors, not short objects. A store that ignores the range, or sends more than asked, is cut to it.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, promise: BodyPromise): Promise<Buffer> {
  const { key, contentLength, range } = promise;
  const bytes = contentLength === undefined ? await collect(body) : await fill(body, key, contentLength);
  if (range === undefined) return bytes;

  const sent = parseContentRange(promise.contentRange) ?? { start: 0, sizeBytes: bytes.length };
  if (range.start >= sent.sizeBytes) throw outOfRange(key, range);
  const end = Math.min(range.end, sent.sizeBytes);
  const wanted = bytes.subarray(range.start - sent.start, end - sent.start);
  if (sent.start > range.start || wanted.length !== end - range.start) {
    throw incomplete(key, `asked for bytes ${range.start}-${end}, received ${bytes.length} from ${sent.start} on`);
  }
  // A copy, so that a small range does not keep a whole object in memory.
  return wanted.length === bytes.length ? bytes : Buffer.from(wanted);
}

/** One allocation of the promised size: pieces joined at the end would hold a large object twice. */
async function fill(body: AsyncIterable<Uint8Array>, key: string, contentLength: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(contentLength);
  let received = 0;
  for await (const piece of body) {
    if (received + piece.length <= contentLength) bytes.set(piece, received);
    received += piece.length;
  }
  if (received !== contentLength) throw incomplete(key, `received ${received} of ${contentLength} bytes`);
  return bytes;
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

export function outOfRange(key: string, range: { start: number; end: number }, cause?: unknown): ObjectStoreError {
  return new ObjectStoreError("get", key, `the range ${range.start}-${range.end} lies outside the object`, {
    retryable: false,
    cause,
  });
}

function incomplete(key: string, reason: string): ObjectStoreError {
  return new ObjectStoreError("get", key, reason, { retryable: true });
}

/** Of `bytes 5-9/20` the first position and the size of the whole object. */
function parseContentRange(header: string | undefined): { start: number; sizeBytes: number } | null {
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(header ?? "");
  return match === null ? null : { start: Number(match[1]), sizeBytes: Number(match[2]) };
}
