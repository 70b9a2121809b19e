import { SLICE_KERNEL_WASM } from "#app/server/compaction/slice-kernel-wasm.ts";
import type { EntryKey } from "#app/server/compaction/line-block.ts";
import * as layout from "#app/server/kernel/slice/layout.ts";

/** What app/server/kernel/slice/index.ts exports; addresses and lengths are in bytes. */
interface KernelExports extends WebAssembly.Exports {
  surveyLines(at: number, end: number, ms: number, subMsNs: number, bytes: number, maxLines: number): number;
  takeLines(at: number, end: number): number;
  addWord(first: number, second: number): void;
  sortRows(): void;
  writeDictionary(column: number, to: number): number;
  writeNumbers(column: number, to: number): number;
  writeTexts(column: number, to: number): number;
  writeTimes(to: number): number;
  writeNanoseconds(to: number): number;
  fillFilter(filter: number, bytes: number): void;
}

/** SliceKernel is the kernel with its memory; what is seen of the memory ends with the next call. */
export class SliceKernel {
  readonly call: KernelExports;
  readonly #memory: WebAssembly.Memory;
  #buffer: Buffer;
  #next: number = layout.FREE_AT;

  constructor() {
    this.#memory = new WebAssembly.Memory({
      initial: layout.SLICE_MEMORY_PAGES,
      maximum: layout.MAX_SLICE_MEMORY_PAGES,
    });
    const compiled = new WebAssembly.Module(Buffer.from(SLICE_KERNEL_WASM, "base64"));
    this.call = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } }).exports as KernelExports;
    this.#buffer = Buffer.from(this.#memory.buffer);
  }

  /** All that was placed is forgotten. */
  clear(): void {
    this.#next = layout.FREE_AT;
  }

  /** Takes so many bytes of the memory, which hold anything, and returns where they are. */
  place(bytes: number): number {
    const at = this.#next;
    this.#next = align(at + bytes + layout.SPILL_BYTES);
    const missing = this.#next - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return at;
  }

  /** As place, for what is used up before anything else is placed. */
  borrow(bytes: number): number {
    const at = this.place(bytes);
    this.#next = at;
    return at;
  }

  /** What is placed next lies behind this address. */
  placeBehind(address: number): void {
    this.#next = align(address);
  }

  /** Views of a memory that has grown are empty. */
  get memory(): Buffer {
    if (this.#buffer.buffer !== this.#memory.buffer) this.#buffer = Buffer.from(this.#memory.buffer);
    return this.#buffer;
  }

  word(name: number): number {
    return this.memory.readUInt32LE(layout.WORDS_AT + name * 4);
  }

  setWord(name: number, value: number): void {
    this.memory.writeInt32LE(value, layout.WORDS_AT + name * 4);
  }

  /** Writes the key that a slice begins with, or the one that it ends before. */
  setBorder(isEnd: boolean, { ms, subMsNs, id }: EntryKey): void {
    this.memory.writeDoubleLE(ms, isEnd ? layout.TO_MS_AT : layout.FROM_MS_AT);
    this.memory.writeUInt32LE(subMsNs, isEnd ? layout.TO_SUB_MS_NS_AT : layout.FROM_SUB_MS_NS_AT);
    this.memory.write(id.padEnd(layout.ID_BYTES, "\0"), isEnd ? layout.TO_ID_AT : layout.FROM_ID_AT, "latin1");
  }
}

const PAGE_BYTES = 65_536;

function align(address: number): number {
  return (address + 15) & ~15;
}
