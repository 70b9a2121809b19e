import type { BlockColumns } from "#app/server/ingest/block-columns.ts";
import { LINE_KERNEL_WASM } from "#app/server/ingest/line-kernel-wasm.ts";
import * as layout from "#app/server/kernel/layout.ts";

/** What app/server/kernel/index.ts exports; addresses and lengths are in bytes. */
interface KernelExports extends WebAssembly.Exports {
  clearLines(): void;
  decodeLines(
    at: number,
    end: number,
    isInArray: number,
    linesOffset: number,
    generation: number,
    latestMs: number,
  ): number;
  decodeLogRecords(at: number, end: number, opens: number, linesOffset: number, latestMs: number): number;
  decodeStreamEntries(
    at: number,
    end: number,
    opens: number,
    linesOffset: number,
    latestMs: number,
    special: number,
  ): number;
  addSpecialName(name: number, length: number, flags: number): void;
  addName(
    table: number,
    name: number,
    length: number,
    segment: number,
    segmentLength: number,
    number: number,
    generation: number,
    isCanonical: number,
  ): void;
  placeRun(run: number, index: number, first: number, count: number, shift: number, serviceNumbers: number): void;
  sortEntries(): void;
  composeBlock(first: number, maxBytes: number): number;
  countMinutes(): number;
  clearTagSummary(): void;
  tagKeys(): number;
  tagsAreComplete(): number;
}

/** LineKernel is one instance of the kernel with its memory. */
export interface LineKernel {
  call: KernelExports;
  memory: Buffer;
  /** The stop words of layout.ts. */
  stop: Uint32Array;
  /** Its shared words. */
  shared: Uint32Array;
}

/** DecodingKernel is for one body at a time. */
export interface DecodingKernel extends LineKernel {
  /** Earliest and latest time of the lines that are in the memory. */
  minMs: Float64Array;
  maxMs: Float64Array;
  /** Columns of the lines that are in the memory. */
  columns: BlockColumns;
  /** Services are numbered anew in each block. */
  generation: number;
}

/** Bodies are mostly decoded one after another; several are in hand only while large ones take turns. */
const kept: DecodingKernel[] = [];
const MAX_KEPT = 2;

export function takeDecodingKernel(): DecodingKernel {
  const kernel = kept.pop() ?? createDecodingKernel();
  kernel.generation++;
  kernel.call.clearLines();
  return kernel;
}

/** giveDecodingKernel lets another body have the kernel. */
export function giveDecodingKernel(kernel: DecodingKernel): void {
  if (kept.length < MAX_KEPT) kept.push(kernel);
}

function createDecodingKernel(): DecodingKernel {
  const kernel = createLineKernel();
  const { buffer } = kernel.memory;
  return {
    ...kernel,
    minMs: new Float64Array(buffer, layout.STOP_MIN_MS_AT, 1),
    maxMs: new Float64Array(buffer, layout.STOP_MAX_MS_AT, 1),
    columns: {
      ms: new Float64Array(buffer, layout.MS_AT, layout.MAX_ENTRIES),
      ends: new Uint32Array(buffer, layout.ENDS_AT, layout.MAX_ENTRIES),
      subMsNs: new Uint32Array(buffer, layout.SUB_MS_NS_AT, layout.MAX_ENTRIES),
      serviceOf: new Uint32Array(buffer, layout.SERVICE_OF_AT, layout.MAX_ENTRIES),
      tagsStart: new Uint32Array(buffer, layout.TAGS_START_AT, layout.MAX_ENTRIES),
      levelOf: new Uint8Array(buffer, layout.LEVEL_OF_AT, layout.MAX_ENTRIES),
    },
    generation: 0,
  };
}

let composing: { kernel: LineKernel; wasm: WebAssembly.Memory } | null = null;

/** composingKernel returns this thread's kernel for building objects, with at least `bytes` of memory. */
export function composingKernel(bytes: number): LineKernel {
  const wasm = composing?.wasm ?? createMemory();
  if (composing !== null && wasm.buffer.byteLength >= bytes) return composing.kernel;
  if (wasm.buffer.byteLength < bytes) wasm.grow(Math.ceil((bytes - wasm.buffer.byteLength) / PAGE_BYTES));
  // Views of a memory that has grown are empty.
  composing = { wasm, kernel: createLineKernel(wasm) };
  return composing.kernel;
}

const PAGE_BYTES = 65_536;

function createMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: layout.MEMORY_PAGES, maximum: layout.MAX_MEMORY_PAGES });
}

let compiled: WebAssembly.Module | null = null;

function createLineKernel(memory = createMemory()): LineKernel {
  compiled ??= new WebAssembly.Module(Buffer.from(LINE_KERNEL_WASM, "base64"));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return {
    call: exports as KernelExports,
    memory: Buffer.from(memory.buffer),
    stop: new Uint32Array(memory.buffer, layout.STOP_AT, layout.STOP_WORDS),
    shared: new Uint32Array(memory.buffer, layout.SHARED_WORDS_AT, layout.SHARED_WORDS),
  };
}
