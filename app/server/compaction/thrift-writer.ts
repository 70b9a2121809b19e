/** Types of Thrift's compact protocol; a field that is true or false is its type. */
const TRUE = 1;
const FALSE = 2;
const INTEGER_32 = 5;
const INTEGER_64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;
/** What a list's length must be below to stand beside its type. */
const SHORT_LIST = 15;
const SHORT_STEP = 15;

/**
 * ThriftWriter writes one struct in Thrift's compact protocol, which Parquet's headers and footer are in: fields in
 * ascending order, each with its number.
 */
export class ThriftWriter {
  readonly #bytes: number[] = [];
  #lastField = 0;

  flag(field: number, value: boolean): void {
    this.#field(field, value ? TRUE : FALSE);
  }

  integer(field: number, value: number): void {
    this.#field(field, INTEGER_32);
    this.#varint(zigzag(value));
  }

  integer64(field: number, value: number): void {
    this.#field(field, INTEGER_64);
    this.#varint(zigzag(value));
  }

  text(field: number, value: string): void {
    this.bytes(field, Buffer.from(value));
  }

  bytes(field: number, value: Buffer): void {
    this.#field(field, BINARY);
    this.#binary(value);
  }

  struct(field: number, write: () => void): void {
    this.#field(field, STRUCT);
    this.#struct(write);
  }

  integers(field: number, values: readonly number[]): void {
    this.#list(field, INTEGER_32, values.length);
    for (const value of values) this.#varint(zigzag(value));
  }

  texts(field: number, values: readonly string[]): void {
    this.#list(field, BINARY, values.length);
    for (const value of values) this.#binary(Buffer.from(value));
  }

  structs<T>(field: number, values: readonly T[], write: (value: T, i: number) => void): void {
    this.#list(field, STRUCT, values.length);
    for (const [i, value] of values.entries()) this.#struct(() => write(value, i));
  }

  finish(): Buffer {
    return Buffer.from([...this.#bytes, 0]);
  }

  #struct(write: () => void): void {
    const outer = this.#lastField;
    this.#lastField = 0;
    write();
    this.#bytes.push(0);
    this.#lastField = outer;
  }

  #field(field: number, type: number): void {
    const step = field - this.#lastField;
    if (step > 0 && step <= SHORT_STEP) this.#bytes.push((step << 4) | type);
    else {
      this.#bytes.push(type);
      this.#varint(zigzag(field));
    }
    this.#lastField = field;
  }

  #list(field: number, type: number, length: number): void {
    this.#field(field, LIST);
    if (length < SHORT_LIST) this.#bytes.push((length << 4) | type);
    else {
      this.#bytes.push((SHORT_LIST << 4) | type);
      this.#varint(length);
    }
  }

  #binary(bytes: Buffer): void {
    this.#varint(bytes.length);
    for (const byte of bytes) this.#bytes.push(byte);
  }

  /** Beyond 32 bits too, which JavaScript's shifts are not. */
  #varint(value: number): void {
    while (value > 127) {
      this.#bytes.push((value % 128) + 128);
      value = Math.floor(value / 128);
    }
    this.#bytes.push(value);
  }
}

/** Only what is not negative is ever written. */
function zigzag(value: number): number {
  return value * 2;
}
