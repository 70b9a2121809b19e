const NUL = 0;
const LF = 10;
const QUOTE = 34;
const LESS_THAN = 60;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * GelfEnd finds where a message of GELF ends in a stream, looking at each byte once. NUL ends it, as Graylog has it, so JSON
 * may be spread over lines. Some senders end with LF instead: one does where the object is closed, or where the next line
 * begins a message, after an object that never was.
 */
export class GelfEnd {
  #at = 0;
  #depth = 0;
  #isInString = false;

  /** Where the message that `bytes` begin with ends, or -1 when more bytes are needed, which come behind the same ones. */
  find(bytes: Buffer): number {
    for (; this.#at < bytes.length; this.#at++) {
      const byte = bytes[this.#at] as number;
      if (byte === NUL) return this.#at;
      if (byte === LF) {
        if (this.#depth <= 0) return this.#at;
        const next = bytes[this.#at + 1];
        if (next === undefined) return -1;
        if (next === OPEN_BRACE || next === LESS_THAN) return this.#at;
      } else if (byte === BACKSLASH) {
        // What is escaped ends no string; a frame cannot end on it either.
        if (this.#at + 1 === bytes.length) return -1;
        if (bytes[this.#at + 1] !== NUL && bytes[this.#at + 1] !== LF) this.#at++;
      } else if (byte === QUOTE) {
        this.#isInString = !this.#isInString;
      } else if (!this.#isInString) {
        if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth++;
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--;
      }
    }
    return -1;
  }
}
