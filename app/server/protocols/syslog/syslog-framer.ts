import { GelfEnd } from "#app/server/protocols/syslog/gelf-end.ts";

/** Longer messages are cut; a sender that announces more than this much is not speaking syslog. */
export const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_COUNT_DIGITS = 7;
/** What no message of syslog begins with, and every one of GELF. */
export const OPEN_BRACE = 123;
const NUL = 0;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;

/**
 * SyslogFramer cuts a TCP stream into messages (RFC 6587): a digit begins an octet count, anything else a line. GELF, which
 * begins with a brace, ends with NUL. Senders mix these on one port, not on one connection, yet each message is looked at
 * anew.
 */
export class SyslogFramer {
  #rest: Buffer = Buffer.alloc(0);
  /** A line was too long and its beginning is passed on already: what is left of it, up to this byte, is dropped. */
  #skippedTo: number | null = null;
  /** How far the message of GELF is known that the rest begins with. */
  #gelfEnd = new GelfEnd();

  /** Returns the messages that are whole, or null when the stream cannot be cut any more. */
  feed(chunk: Buffer): Buffer[] | null {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    while (bytes.length > 0) {
      // Behind the LF that ended a message: its sender ends with both.
      if (bytes[0] === NUL && this.#skippedTo === null) {
        bytes = bytes.subarray(1);
        continue;
      }
      const frame = this.#skippedTo === null ? takeFrame(bytes, this.#gelfEnd) : skipTo(this.#skippedTo, bytes);
      if (frame === null) break;
      this.#gelfEnd = new GelfEnd();
      if (frame === "broken") return null;
      if (frame.message.length > 0) frames.push(frame.message);
      this.#skippedTo = frame.goesOnTo;
      bytes = frame.rest;
    }
    this.#rest = bytes;
    return frames;
  }

  /** What came before the end of the connection without an end of its own. */
  end(): Buffer[] {
    const rest = trimmed(this.#rest);
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 || this.#skippedTo !== null ? [] : [rest];
  }
}

function skipTo(last: number, bytes: Buffer): Frame {
  const end = bytes.indexOf(last);
  const rest = bytes.subarray(end === -1 ? bytes.length : end + 1);
  return { message: Buffer.alloc(0), rest, goesOnTo: end === -1 ? last : null };
}

interface Frame {
  message: Buffer;
  rest: Buffer;
  /** The rest of the message, up to this byte, is still to come and to be dropped; null when there is none. */
  goesOnTo: number | null;
}

/** Null: more bytes are needed. */
function takeFrame(bytes: Buffer, gelfEnd: GelfEnd): Frame | "broken" | null {
  const counted = takeCountedFrame(bytes);
  if (counted !== undefined) return counted;
  const end = bytes[0] === OPEN_BRACE ? gelfEnd.find(bytes) : bytes.indexOf(LF);
  if (end !== -1) return { message: trimmed(bytes.subarray(0, end)), rest: bytes.subarray(end + 1), goesOnTo: null };
  if (bytes.length <= MAX_FRAME_BYTES) return null;
  return {
    message: bytes.subarray(0, MAX_FRAME_BYTES),
    rest: bytes.subarray(bytes.length),
    goesOnTo: bytes[0] === OPEN_BRACE ? NUL : LF,
  };
}

/** Undefined: the message is no counted one. */
function takeCountedFrame(bytes: Buffer): Frame | "broken" | null | undefined {
  let digits = 0;
  while (digits < bytes.length && isDigit(bytes[digits] as number)) digits++;
  if (digits === 0) return undefined;
  if (digits > MAX_COUNT_DIGITS) return "broken";
  if (digits === bytes.length) return null;
  if (bytes[digits] !== SPACE) return undefined;
  const length = Number(bytes.toString("latin1", 0, digits));
  if (length > MAX_FRAME_BYTES) return "broken";
  const start = digits + 1;
  if (bytes.length < start + length) return null;
  return {
    message: trimmed(bytes.subarray(start, start + length)),
    rest: bytes.subarray(start + length),
    goesOnTo: null,
  };
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Some senders end a message with NUL, CR or LF on top of the framing. */
export function trimmed(message: Buffer): Buffer {
  let end = message.length;
  while (end > 0 && (message[end - 1] === 0 || message[end - 1] === 13 || message[end - 1] === LF)) end--;
  return message.subarray(0, end);
}
