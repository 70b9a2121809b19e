import { LEVELS, normaliseLevel } from "#app/core/level.ts";
import { MS_PER_DAY } from "#app/core/timestamp.ts";
import { levelSegment, serviceSegment, type EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import * as layout from "#app/server/kernel/layout.ts";
import { UNKNOWN_SERVICE } from "#app/server/protocols/json/normalise-record.ts";
import { KernelWindow, type Decode } from "#app/server/protocols/kernel-window.ts";

/**
 * CanonicalReader takes those records of a body that need no normalising beyond their level, which is most of what good
 * senders send: the line kernel proves it and writes their lines, at a tenth of what it would cost here.
 */
export class CanonicalReader {
  readonly #body: Buffer;
  readonly #builder: EntryBlockBuilder;
  readonly #window: KernelWindow;
  readonly #decode: Decode;
  #isInArray = false;
  /** Whether it stopped behind a record it took, and not before one it leaves to others. */
  isBehindRecord = false;

  constructor(body: Buffer, builder: EntryBlockBuilder, receivedAtMs: number) {
    this.#body = body;
    this.#builder = builder;
    this.#window = new KernelWindow(body, builder);
    const { call, generation } = this.#window.kernel;
    const latestMs = receivedAtMs + MS_PER_DAY;
    this.#decode = (at, end, linesOffset) =>
      call.decodeLines(at, end, this.#isInArray ? 1 : 0, linesOffset, generation, latestMs);
  }

  /** Where in the body `take` stopped. */
  get position(): number {
    return this.#window.position;
  }

  /** take takes records from the one at `at` on and returns how many it took. */
  take(at: number, isInArray: boolean): number {
    const window = this.#window;
    let taken = 0;
    window.position = at;
    this.#isInArray = isInArray;
    for (;;) {
      const heldBefore = window.held;
      const reason = window.decode(this.#body.length, this.#decode);
      taken += window.held - heldBefore;
      this.isBehindRecord = reason === layout.BEHIND_RECORD;
      if (reason === layout.FULL) window.flush();
      else if (reason === layout.UNKNOWN_SERVICE_NAME) this.#addService();
      else if (reason === layout.UNKNOWN_LEVEL_NAME) this.#addLevel();
      else if (reason !== layout.CUT || !window.moveOn()) return taken;
    }
  }

  /** flush moves what was taken into the block; everything that is added to it otherwise comes after. */
  flush(): void {
    this.#window.flush();
  }

  /** Ends the use of the kernel, with or without a flush before. */
  close(): void {
    this.#window.close();
  }

  #addService(): void {
    const name = this.#window.unknownName().toString("utf8");
    const service = name === "" ? UNKNOWN_SERVICE : name;
    const number = this.#builder.serviceNumber(service);
    const { generation } = this.#window.kernel;
    this.#window.addName(layout.SERVICES_AT, serviceSegment(service), number, generation, true);
  }

  #addLevel(): void {
    const spelling = this.#window.unknownName().toString("utf8");
    const level = normaliseLevel(spelling);
    const segment = levelSegment(level, spelling);
    this.#window.addName(layout.LEVELS_AT, segment, LEVELS.indexOf(level), 0, spelling === level);
  }
}
