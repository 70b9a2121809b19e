import { Piscina } from "piscina";
import type { Tier0Input, Tier0Object } from "#app/server/ingest/build-tier0.ts";
import { mergeParts, type SealableBatch } from "#app/server/ingest/merge-parts.ts";

/** BuiltInThread is an object, and the memory of the batch that goes back to be used again. */
export interface BuiltInThread {
  object: Tier0Object;
  memory: ArrayBuffer;
}

/** As many as are sealed at the same time; more memory than the largest usual batch takes is not kept. */
const MAX_SPARE = 3;
const MAX_SPARE_BYTES = 16 * 1024 * 1024;

/** SealPool builds objects in a thread of its own. */
export class SealPool {
  readonly #pool: Piscina<Tier0Input, BuiltInThread>;
  /** Fresh memory of this size for every batch would make V8 collect its whole heap again and again. */
  readonly #spare: ArrayBuffer[] = [];

  /** `workerUrl` is the bundled seal-worker. */
  constructor(workerUrl: URL) {
    this.#pool = new Piscina({ filename: workerUrl.href, minThreads: 1, maxThreads: 1 });
  }

  async build(batch: SealableBatch): Promise<Tier0Object> {
    const input = mergeParts(batch, this.#spare.pop() ?? null);
    const { object, memory } = await this.#pool.run(input, { transferList: [input.block.ms.buffer as ArrayBuffer] });
    if (this.#spare.length < MAX_SPARE && memory.byteLength <= MAX_SPARE_BYTES) this.#spare.push(memory);
    const { bytes } = object;
    return { ...object, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
