import type { IncomingMessage } from "node:http";
import { Readable, type Transform } from "node:stream";
import { createGunzip, createInflate, createInflateRaw } from "node:zlib";
import { uncompress, uncompressSync } from "snappy";
import { DecompressStream } from "zstd-napi";
import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import { BacklogFullError } from "#app/server/ingest/batcher.ts";
import { giveBodyMemory, takeBodyMemory } from "#app/server/protocols/body-memory.ts";
import type { MemoryBudget } from "#app/server/protocols/memory-budget.ts";

/** BodyError: the body cannot be taken as it was sent; `status` is what HTTP calls that. */
export class BodyError extends AkavelogError {
  readonly status: 400 | 413 | 415;
  constructor(status: 400 | 413 | 415, reason: string, options?: { cause?: unknown }) {
    super("BODY_REFUSED", `cannot read body: ${reason}`, options);
    this.status = status;
  }
}

export interface BodyLimits {
  maxBodyBytes: number;
  maxInflatedBytes: number;
}

export interface ReadOptions {
  /** Whose part of the memory it takes. */
  projectId: string;
  limits: BodyLimits;
  memory: MemoryBudget;
  /** The compression of a body that names none. */
  impliedEncoding?: string | null | undefined;
}

/** Body is a whole request body, inflated. Its memory counts until `release()`, and is another body's from then on. */
export interface Body {
  bytes: Buffer;
  release(): void;
}

const MEMORY_RETRY_AFTER_MS = 1_000;
/** A frame may ask the decoder for a window of any size; more than the largest body is never needed. */
const ZSTD_WINDOW_LOG_MAX = 26;
const INFLATE_CHUNK_BYTES = 128 * 1024;
/**
 * The zstd decoder inflates all it was given before anyone can stop it, and four bytes may be a block of 128 KiB: a piece
 * of this size costs 32 MiB at most.
 */
const INFLATE_PIECE_BYTES = 1024;

/**
 * readBody reads and inflates a request's body within its limits and the memory that is left for all requests.
 * Both are checked before and while bytes arrive, so that a small bomb or a long lie costs no more than its limit.
 * Throws BodyError, or BacklogFullError when other requests have the memory.
 */
export async function readBody(
  request: IncomingMessage,
  { projectId, limits, memory, impliedEncoding = null }: ReadOptions,
): Promise<Body> {
  const encoding = encodingOf(request, impliedEncoding);
  const announcedBytes = Number(request.headers["content-length"] ?? 0);
  const isCompressed = encoding !== "identity" && encoding !== "";
  const maxBytes = isCompressed ? limits.maxBodyBytes : Math.max(limits.maxBodyBytes, limits.maxInflatedBytes);
  if (isCompressed && encoding !== SNAPPY && !ENCODINGS.has(encoding)) throw unknownEncoding(encoding);
  if (announcedBytes > maxBytes) throw tooLarge(maxBytes, "bytes");
  const reservation = new Reservation(memory, projectId);
  try {
    const sent = await collect(request, announcedBytes, maxBytes, reservation);
    if (!isCompressed) return { bytes: sent, release: () => reservation.release() };
    const inflated =
      encoding === SNAPPY
        ? await inflateSnappy(sent, limits.maxInflatedBytes, reservation)
        : await inflate(sent, encoding, limits.maxInflatedBytes, reservation);
    reservation.give(sent.length);
    return { bytes: inflated, release: () => reservation.release() };
  } catch (error) {
    reservation.release();
    throw error;
  }
}

/** encodingOf is a request's Content-Encoding in lower case, or the one that its protocol implies. */
export function encodingOf(request: IncomingMessage, impliedEncoding: string | null = null): string {
  const named = (request.headers["content-encoding"] ?? "").trim().toLowerCase();
  return named === "" || named === "identity" ? (impliedEncoding ?? "identity") : named;
}

/** unknownEncoding names the encodings that would have been understood. */
export function unknownEncoding(encoding: string): BodyError {
  return new BodyError(
    415,
    `Content-Encoding ${JSON.stringify(encoding)} is not understood; use gzip, deflate, zstd, snappy or none`,
  );
}

/** readStream is a body as it comes, inflated piece by piece; for what is too long to be held. Throws BodyError. */
export function readStream(request: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = encodingOf(request);
  if (encoding === "identity") return request;
  const decoder = ENCODINGS.get(encoding)?.(ZLIB_HEADER);
  if (decoder === undefined) throw unknownEncoding(encoding);
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const chunk of request as AsyncIterable<Buffer>) yield* piecesOf(chunk);
  }
  return Readable.from(pieces())
    .on("error", (error) => decoder.destroy(error))
    .pipe(decoder);
}

/** What streams of deflate begin with, nearly all of them. */
const ZLIB_HEADER = Buffer.of(0x78, 0x9c);

/** Raw snappy, one block for the whole body; its length stands before it. */
const SNAPPY = "snappy";

async function inflateSnappy(sent: Buffer, maxBytes: number, reservation: Reservation): Promise<Buffer> {
  const inflatedBytes = snappyLengthOf(sent);
  if (inflatedBytes === null) throw new BodyError(400, "it is not sound snappy (no length)");
  if (inflatedBytes > maxBytes) throw tooLarge(maxBytes, "bytes after decompression");
  reservation.take(inflatedBytes);
  try {
    // A small block is not worth the way to another thread and back.
    return sent.length < SNAPPY_THREAD_BYTES
      ? (uncompressSync(sent, COPIED) as Buffer)
      : ((await uncompress(sent, { asBuffer: true })) as Buffer);
  } catch (error) {
    throw new BodyError(400, `it is not sound snappy (${reasonOf(error)})`, { cause: error });
  }
}

const SNAPPY_THREAD_BYTES = 256 * 1024;
/** Freeing memory that is not Node's own costs several times as much as copying so little of it. */
const COPIED = { asBuffer: true, copyOutputData: true };

/** A varint of at most 32 bits. */
function snappyLengthOf(sent: Buffer): number | null {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = sent[at];
    if (byte === undefined) return null;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return length;
  }
  return null;
}

/** The decoder of each Content-Encoding; some senders of `deflate` leave out the zlib header. */
const ENCODINGS: ReadonlyMap<string, (sent: Buffer) => Transform> = new Map<string, (sent: Buffer) => Transform>([
  ["gzip", () => createGunzip({ chunkSize: INFLATE_CHUNK_BYTES })],
  ["x-gzip", () => createGunzip({ chunkSize: INFLATE_CHUNK_BYTES })],
  [
    "deflate",
    (sent) =>
      hasZlibHeader(sent)
        ? createInflate({ chunkSize: INFLATE_CHUNK_BYTES })
        : createInflateRaw({ chunkSize: INFLATE_CHUNK_BYTES }),
  ],
  ["zstd", () => new DecompressStream({ windowLogMax: ZSTD_WINDOW_LOG_MAX })],
]);

/** RFC 1950: method 8 in the low bits, and both bytes together a multiple of 31. */
function hasZlibHeader(sent: Buffer): boolean {
  return sent.length >= 2 && ((sent[0] as number) & 0x0f) === 8 && sent.readUInt16BE(0) % 31 === 0;
}

async function collect(
  request: IncomingMessage,
  announcedBytes: number,
  maxBytes: number,
  reservation: Reservation,
): Promise<Buffer> {
  reservation.take(announcedBytes);
  const memory = reservation.memoryFor(announcedBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  await eachChunk(request, (chunk) => {
    const start = bytes;
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes, "bytes");
    if (bytes > announcedBytes) reservation.take(Math.min(chunk.length, bytes - announcedBytes));
    if (memory === null) chunks.push(chunk);
    else chunk.copy(memory, start);
  });
  if (memory !== null) return memory.subarray(0, bytes);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes);
}

/** By events, since an iterator costs two promises a chunk. What `take` throws ends it; the rest is left unread. */
function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (request.readableEnded) {
      resolve();
      return;
    }
    const end = (settle: () => void) => {
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
      settle();
    };
    const onEnd = () => end(resolve);
    const onError = (error: Error) => end(() => reject(endedEarly(error)));
    const onClose = () => end(() => reject(endedEarly(new Error("the connection closed"))));
    const onData = (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        request.pause();
        end(() => reject(error as Error));
      }
    };
    request.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
    if (request.destroyed) onClose();
  });
}

function endedEarly(error: Error): BodyError {
  return new BodyError(400, `it ended early (${reasonOf(error)})`, { cause: error });
}

async function inflate(sent: Buffer, encoding: string, maxBytes: number, reservation: Reservation): Promise<Buffer> {
  if (sent.length === 0) return sent;
  const decoder = ENCODINGS.get(encoding)?.(sent) as Transform;
  const chunks: Buffer[] = [];
  let bytes = 0;
  Readable.from(piecesOf(sent)).pipe(decoder);
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes, "bytes after decompression");
      reservation.take(chunk.length);
      // The zstd decoder hands out the beginnings of buffers of 128 KiB, however little is in them.
      chunks.push(chunk.length * 2 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);
    }
  } catch (error) {
    if (error instanceof AkavelogError) throw error;
    throw new BodyError(400, `it is not sound ${encoding} (${reasonOf(error)})`, { cause: error });
  } finally {
    decoder.destroy();
  }
  return Buffer.concat(chunks, bytes);
}

function* piecesOf(sent: Buffer): Generator<Buffer> {
  for (let at = 0; at < sent.length; at += INFLATE_PIECE_BYTES) yield sent.subarray(at, at + INFLATE_PIECE_BYTES);
}

function tooLarge(maxBytes: number, unit: string): BodyError {
  return new BodyError(413, `it is larger than ${maxBytes} ${unit}; send it in pieces`);
}

/** Reservation is one request's part of the budget, and the memory for what it sends. */
class Reservation {
  readonly #memory: MemoryBudget;
  readonly #projectId: string;
  #bytes = 0;
  #body: Buffer | null = null;

  constructor(memory: MemoryBudget, projectId: string) {
    this.#memory = memory;
    this.#projectId = projectId;
  }

  take(bytes: number): void {
    if (!this.#memory.tryReserve(this.#projectId, bytes)) {
      throw new BacklogFullError("too many large requests at once", MEMORY_RETRY_AFTER_MS);
    }
    this.#bytes += bytes;
  }

  memoryFor(bytes: number): Buffer | null {
    return (this.#body = takeBodyMemory(bytes));
  }

  give(bytes: number): void {
    this.#memory.release(this.#projectId, bytes);
    this.#bytes -= bytes;
  }

  release(): void {
    this.give(this.#bytes);
    if (this.#body !== null) giveBodyMemory(this.#body);
    this.#body = null;
  }
}
