import type { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { giveDecodingKernel, takeDecodingKernel } from "#app/server/ingest/line-kernel.ts";
import * as layout from "#app/server/kernel/layout.ts";

/** What the kernel decodes with: addresses of the first byte and behind the last, and what the block holds already. */
export type Decode = (at: number, end: number, linesOffset: number) => number;

/**
 * KernelWindow lets the line kernel see a body, a window of it at a time, and takes out the lines that it writes.
 * A record that is larger than the window is left to the general path.
 */
export class KernelWindow {
  readonly kernel = takeDecodingKernel();
  readonly #body: Buffer;
  readonly #builder: EntryBlockBuilder;
  /** The part of the body that lies in the kernel's memory. */
  #start = 0;
  #end = 0;
  #held = 0;
  /** Where in the body `decode` stopped. */
  position = 0;

  constructor(body: Buffer, builder: EntryBlockBuilder) {
    this.#body = body;
    this.#builder = builder;
  }

  /** Lines that the kernel wrote and that were not taken out. */
  get held(): number {
    return this.#held;
  }

  /** decode has the kernel go on at `position`, at most to `end`; returns why it stopped. */
  decode(end: number, decode: Decode): number {
    if (this.position < this.#start || this.position >= this.#end) this.#load();
    const shift = layout.SOURCE_AT - this.#start;
    const until = Math.min(end, this.#end);
    const reason = decode(this.position + shift, until + shift, this.#builder.sizeBytes);
    const { stop } = this.kernel;
    this.position = (stop[layout.STOP_POSITION] as number) - shift;
    this.#held = stop[layout.STOP_ENTRIES] as number;
    return reason;
  }

  /** moveOn shows the kernel what follows `position`; false when it sees all that there is. */
  moveOn(): boolean {
    if (this.#end === this.#body.length || this.position === this.#start) return false;
    this.#load();
    return true;
  }

  /** flush moves what was taken into the block; everything that is added to it otherwise comes after. */
  flush(): void {
    if (this.#held === 0) return;
    const { memory, columns, stop, call, minMs, maxMs } = this.kernel;
    const lines = {
      count: this.#held,
      bytes: memory.subarray(layout.LINES_AT, stop[layout.STOP_LINES_END]),
      maxLineBytes: stop[layout.STOP_MAX_LINE_BYTES] as number,
      minMs: minMs[0] as number,
      maxMs: maxMs[0] as number,
    };
    this.#builder.addLines(lines, columns);
    call.clearLines();
    this.#held = 0;
  }

  /** unknownName is the name for which the kernel stopped. */
  unknownName(): Buffer {
    const { memory, stop } = this.kernel;
    const start = stop[layout.STOP_NAME] as number;
    return memory.subarray(start, start + (stop[layout.STOP_NAME_LENGTH] as number));
  }

  /** addName says what stands for that name in a line; a generation of 0 lasts. */
  addName(table: number, segment: Buffer, number: number, generation: number, isCanonical: boolean): void {
    const { call, memory, stop } = this.kernel;
    segment.copy(memory, layout.SEGMENT_AT);
    call.addName(
      table,
      stop[layout.STOP_NAME] as number,
      stop[layout.STOP_NAME_LENGTH] as number,
      layout.SEGMENT_AT,
      segment.length,
      number,
      generation,
      isCanonical ? 1 : 0,
    );
  }

  /** Ends the use of the kernel, with or without a flush before. */
  close(): void {
    giveDecodingKernel(this.kernel);
  }

  #load(): void {
    this.#start = this.position;
    this.#end = Math.min(this.#body.length, this.position + layout.SOURCE_BYTES);
    this.#body.copy(this.kernel.memory, layout.SOURCE_AT, this.#start, this.#end);
  }
}
