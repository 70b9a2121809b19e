import { Piscina } from "piscina";
import type { Tier0Input, Tier0Object } from "#app/server/ingest/build-tier0.ts";

/** SealPool builds objects in a thread of its own. */
export class SealPool {
  readonly #pool: Piscina<Tier0Input, Tier0Object>;

  /** `workerUrl` is the bundled seal-worker. */
  constructor(workerUrl: URL) {
    this.#pool = new Piscina({ filename: workerUrl.href, minThreads: 1, maxThreads: 1 });
  }

  async build(input: Tier0Input): Promise<Tier0Object> {
    const { bytes, ends, ms, subMsNs, serviceOf, levelOf, tagsStart } = input.block;
    const columns = [bytes, ends, ms, subMsNs, serviceOf, levelOf, tagsStart];
    const built = await this.#pool.run(input, { transferList: columns.map((column) => column.buffer as ArrayBuffer) });
    const object = built.bytes;
    return { ...built, bytes: Buffer.from(object.buffer, object.byteOffset, object.length) };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
