/** Longer messages are cut; a sender that announces more than this much is not speaking syslog. */
export const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_COUNT_DIGITS = 7;
const LF = 10;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;

/**
 * SyslogFramer cuts a TCP stream into messages (RFC 6587): a digit begins an octet count, anything else a line. Senders
 * mix both on one port, not on one connection, yet each message is looked at anew.
 */
export class SyslogFramer {
  #rest: Buffer = Buffer.alloc(0);
  /** The line was too long and its beginning is passed on already: what is left of it is dropped. */
  #isSkippingLine = false;

  /** Returns the messages that are whole, or null when the stream cannot be cut any more. */
  feed(chunk: Buffer): Buffer[] | null {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    while (bytes.length > 0) {
      const frame = this.#isSkippingLine ? this.#skipLine(bytes) : takeFrame(bytes);
      if (frame === null) break;
      if (frame === "broken") return null;
      if (frame.message.length > 0) frames.push(frame.message);
      this.#isSkippingLine = frame.isCut;
      bytes = frame.rest;
    }
    this.#rest = bytes;
    return frames;
  }

  /** What came before the end of the connection without an end of its own. */
  end(): Buffer[] {
    const rest = trimmed(this.#rest);
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 || this.#isSkippingLine ? [] : [rest];
  }

  #skipLine(bytes: Buffer): Frame {
    const end = bytes.indexOf(LF);
    return {
      message: Buffer.alloc(0),
      rest: bytes.subarray(end === -1 ? bytes.length : end + 1),
      isCut: end === -1,
    };
  }
}

interface Frame {
  message: Buffer;
  rest: Buffer;
  /** The rest of the message is still to come, and is to be dropped. */
  isCut: boolean;
}

/** Null: more bytes are needed. */
function takeFrame(bytes: Buffer): Frame | "broken" | null {
  const counted = takeCountedFrame(bytes);
  if (counted !== undefined) return counted;
  const end = bytes.indexOf(LF);
  if (end !== -1) return { message: trimmed(bytes.subarray(0, end)), rest: bytes.subarray(end + 1), isCut: false };
  if (bytes.length <= MAX_FRAME_BYTES) return null;
  return { message: bytes.subarray(0, MAX_FRAME_BYTES), rest: bytes.subarray(bytes.length), isCut: true };
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
    isCut: false,
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
