import { LEVELS, normaliseLevel } from "#app/core/level.ts";
import { MS_PER_DAY } from "#app/core/timestamp.ts";
import { levelSegment, serviceSegment, type EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { giveDecodingKernel, takeDecodingKernel } from "#app/server/ingest/line-kernel.ts";
import * as layout from "#app/server/kernel/layout.ts";
import { UNKNOWN_SERVICE } from "#app/server/protocols/json/normalise-record.ts";

/**
 * CanonicalLines takes those records of a body that need no normalising beyond their level, which is most of what good
 * senders send: the line kernel proves it and writes their lines, at a tenth of what it would cost here. It sees a window
 * of the body at a time; a record that is larger than the window is left to the general path.
 */
export class CanonicalLines {
  readonly #body: Buffer;
  readonly #builder: EntryBlockBuilder;
  readonly #latestMs: number;
  readonly #kernel = takeDecodingKernel();
  /** The part of the body that lies in the kernel's memory. */
  #windowStart = 0;
  #windowEnd = 0;
  #held = 0;
  /** Where in the body `take` stopped. */
  position = 0;
  /** Whether it stopped behind a record it took, and not before one it leaves to others. */
  isBehindRecord = false;

  constructor(body: Buffer, builder: EntryBlockBuilder, receivedAtMs: number) {
    this.#body = body;
    this.#builder = builder;
    this.#latestMs = receivedAtMs + MS_PER_DAY;
  }

  /** take takes records from the one at `at` on and returns how many it took. */
  take(at: number, isInArray: boolean): number {
    let taken = 0;
    this.position = at;
    for (;;) {
      if (this.position >= this.#windowEnd) this.#loadWindow();
      const heldBefore = this.#held;
      const reason = this.#decode(isInArray);
      taken += this.#held - heldBefore;
      this.isBehindRecord = reason === layout.BEHIND_RECORD;
      if (reason === layout.FULL) this.flush();
      else if (reason === layout.UNKNOWN_SERVICE_NAME) this.#addService();
      else if (reason === layout.UNKNOWN_LEVEL_NAME) this.#addLevel();
      else if (reason === layout.CUT && this.#isWindowCut) this.#loadWindow();
      else return taken;
    }
  }

  /** flush moves what was taken into the block; everything that is added to it otherwise comes after. */
  flush(): void {
    if (this.#held === 0) return;
    const { memory, columns, stop, call } = this.#kernel;
    this.#builder.addLines(memory.subarray(layout.LINES_AT, stop[layout.STOP_LINES_END]), columns, this.#held);
    call.clearLines();
    this.#held = 0;
  }

  /** Ends the use of the kernel, with or without a flush before. */
  close(): void {
    giveDecodingKernel(this.#kernel);
  }

  #decode(isInArray: boolean): number {
    const { call, stop, generation } = this.#kernel;
    const shift = layout.SOURCE_AT - this.#windowStart;
    const reason = call.decodeLines(
      this.position + shift,
      this.#windowEnd + shift,
      isInArray ? 1 : 0,
      this.#builder.sizeBytes,
      generation,
      this.#latestMs,
    );
    this.position = (stop[layout.STOP_POSITION] as number) - shift;
    this.#held = stop[layout.STOP_ENTRIES] as number;
    return reason;
  }

  get #isWindowCut(): boolean {
    return this.#windowEnd < this.#body.length && this.position > this.#windowStart;
  }

  #loadWindow(): void {
    this.#windowStart = this.position;
    this.#windowEnd = Math.min(this.#body.length, this.position + layout.SOURCE_BYTES);
    this.#body.copy(this.#kernel.memory, layout.SOURCE_AT, this.#windowStart, this.#windowEnd);
  }

  #addService(): void {
    const name = this.#unknownName();
    const service = name === "" ? UNKNOWN_SERVICE : name;
    const number = this.#builder.serviceNumber(service);
    this.#addName(layout.SERVICES_AT, serviceSegment(service), number, this.#kernel.generation, true);
  }

  #addLevel(): void {
    const spelling = this.#unknownName();
    const level = normaliseLevel(spelling);
    const segment = levelSegment(level, spelling);
    this.#addName(layout.LEVELS_AT, segment, LEVELS.indexOf(level), 0, spelling === level);
  }

  #unknownName(): string {
    const { memory, stop } = this.#kernel;
    const start = stop[layout.STOP_NAME] as number;
    return memory.toString("utf8", start, start + (stop[layout.STOP_NAME_LENGTH] as number));
  }

  #addName(table: number, segment: Buffer, number: number, generation: number, isCanonical: boolean): void {
    const { call, memory, stop } = this.#kernel;
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
}
