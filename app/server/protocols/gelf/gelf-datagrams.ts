import { gunzipSync, inflateSync } from "node:zlib";
import { MAX_FRAME_BYTES } from "#app/server/protocols/syslog/syslog-framer.ts";

/** A chunk: 1e 0f, eight bytes that name the message, the chunk's number from 0, how many there are. */
const CHUNK_MAGIC = 0x1e0f;
const CHUNK_HEADER_BYTES = 12;
const MAX_CHUNKS = 128;
/** The standard's: a message of which a chunk is still missing then is given up. */
const MAX_WAIT_MS = 5_000;
/** Above it the oldest unfinished message is given up: whoever sends datagrams cannot be asked to wait. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** What is charged for a chunk beside its bytes, so that many empty ones fill the memory no sooner. */
const SLOT_BYTES = 64;

const GZIP_MAGIC = 0x1f8b;
const ZLIB_DEFLATE = 0x78;

interface Unfinished {
  chunks: (Buffer | undefined)[];
  missing: number;
  bytes: number;
  sinceMs: number;
}

/** GelfDatagrams makes messages of datagrams as GELF over UDP sends them: in chunks, compressed, or as they are. */
export class GelfDatagrams {
  /** In the order in which their first chunks came. */
  readonly #unfinished = new Map<string, Unfinished>();
  #waitingBytes = 0;

  /** take returns the message that a datagram is or makes whole, else null. What is no GELF comes back as it is. */
  take(datagram: Buffer, nowMs: number): Buffer | null {
    this.#giveUp(nowMs);
    if (datagram.length < CHUNK_HEADER_BYTES || datagram.readUInt16BE() !== CHUNK_MAGIC) return inflated(datagram);
    const [number, count] = [datagram[10] as number, datagram[11] as number];
    if (number >= count || count > MAX_CHUNKS) return null;
    const id = datagram.toString("latin1", 2, 10);
    const message = this.#unfinished.get(id) ?? this.#begin(id, count, nowMs);
    if (message.chunks.length !== count || message.chunks[number] !== undefined) return null;
    // The datagram itself may be a piece of a larger buffer.
    const chunk = Buffer.from(datagram.subarray(CHUNK_HEADER_BYTES));
    message.chunks[number] = chunk;
    message.bytes += chunk.length;
    this.#waitingBytes += chunk.length;
    if (--message.missing > 0) return null;
    this.#forget(id, message);
    return inflated(Buffer.concat(message.chunks as Buffer[]));
  }

  #begin(id: string, count: number, nowMs: number): Unfinished {
    const chunks = Array.from({ length: count }, () => undefined);
    const message = { chunks, missing: count, bytes: count * SLOT_BYTES, sinceMs: nowMs };
    this.#unfinished.set(id, message);
    this.#waitingBytes += message.bytes;
    return message;
  }

  #forget(id: string, { bytes }: Unfinished): void {
    this.#unfinished.delete(id);
    this.#waitingBytes -= bytes;
  }

  #giveUp(nowMs: number): void {
    for (const [id, message] of this.#unfinished) {
      if (nowMs - message.sinceMs <= MAX_WAIT_MS && this.#waitingBytes <= MAX_WAITING_BYTES) return;
      this.#forget(id, message);
    }
  }
}

function inflated(bytes: Buffer): Buffer {
  if (bytes.length < 2) return bytes;
  const magic = bytes.readUInt16BE();
  try {
    if (magic === GZIP_MAGIC) return gunzipSync(bytes, { maxOutputLength: MAX_FRAME_BYTES });
    // RFC 1950: the first two bytes are a multiple of 31.
    if (bytes[0] === ZLIB_DEFLATE && magic % 31 === 0) return inflateSync(bytes, { maxOutputLength: MAX_FRAME_BYTES });
  } catch {
    // A line of syslog may begin with the same two letters. It is kept as it is, and so is what is too large or damaged.
  }
  return bytes;
}
