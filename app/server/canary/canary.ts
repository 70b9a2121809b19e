import { NS_PER_MS } from "#app/core/timestamp.ts";
import type { Predicate } from "#app/core/query/predicate.ts";
import { CANARY_PROJECT_ID, createCanaryProject } from "#app/server/catalog/canary-project.ts";
import { ExpectedLines } from "#app/server/canary/expected-lines.ts";
import { acceptRecords } from "#app/server/protocols/accept-records.ts";
import { decodeJson } from "#app/server/protocols/json/decode-json.ts";
import type { Services } from "#app/server/services.ts";
import { countMatches } from "#app/server/search/count-matches.ts";
import { searchPage } from "#app/server/search/search-page.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface CanaryOptions {
  services: Pick<Services, "database" | "ingester" | "idempotency" | "clock" | "env" | "store" | "search" | "walId">;
  /** 0: never. */
  intervalMs: number;
  logger: Logger;
  /** Told how long it took from sending a line to finding it. */
  onFound: (elapsedMs: number) => void;
}

/** CanaryFigures are since the process began. */
export interface CanaryFigures {
  written: number;
  /** Acknowledged lines that a complete search did not find, each counted once. */
  missed: number;
  /** Lines that were found more than once. */
  doubled: number;
  /** Rounds that could not write or could not search everything, which says nothing of any line. */
  failures: number;
  /** Null before the first round that found everything. */
  foundAtMs: number | null;
  roundMs: number;
}

/** Lines are looked for again until they are this old: by then they went from memory through the spool into the store. */
const WINDOW_MS = 15 * 60_000;
const SERVICE = "canary";
const TAG = "process";

/**
 * Canary writes a line now and then into a project of the server's own, and looks for all that it wrote of late: through
 * the decoder, the WAL, batches, the store, search and counts that everybody's lines go through. A process knows its own
 * lines by its WAL, so several do not disturb each other.
 */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #stopping = new AbortController();
  readonly #figures: CanaryFigures = { written: 0, missed: 0, doubled: 0, failures: 0, foundAtMs: null, roundMs: 0 };
  readonly #expected = new ExpectedLines(WINDOW_MS);
  #next = 0;
  #loop: Promise<void> | null = null;

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** Null when there is no canary. */
  get figures(): Readonly<CanaryFigures> | null {
    return this.#options.intervalMs === 0 ? null : this.#figures;
  }

  start(): void {
    if (this.#options.intervalMs > 0) this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the canary stops"));
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { services, intervalMs, logger } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await services.clock.sleep(intervalMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        if (this.#next === 0) await createCanaryProject(services.database);
        await this.#round(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#figures.failures++;
        logger.warn({ err: error }, "the canary could not write or search");
      }
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.services;
    const startedAtMs = clock.nowMs();
    await this.#write(startedAtMs);
    const found = await this.#find(startedAtMs, signal);
    if (found === null) {
      this.#figures.failures++;
      return;
    }
    this.#figures.roundMs = clock.nowMs() - startedAtMs;
    this.#options.onFound(this.#figures.roundMs);
    const { wrong, isSound } = this.#expected.judge(found, startedAtMs);
    for (const each of wrong) {
      if (each.times === 0) this.#figures.missed++;
      else this.#figures.doubled++;
      this.#options.logger.error(each, "the canary's line was acknowledged and is not found once");
    }
    if (isSound) this.#figures.foundAtMs = clock.nowMs();
  }

  async #write(nowMs: number): Promise<void> {
    const { services } = this.#options;
    const message = `canary ${services.walId} ${this.#next++}`;
    const line = { timestamp: nowMs, service: SERVICE, level: "info", message, tags: { [TAG]: services.walId } };
    const body = Buffer.from(JSON.stringify(line));
    services.ingester.assertRoom();
    await acceptRecords(services, {
      projectId: CANARY_PROJECT_ID,
      receivedAtMs: nowMs,
      decoded: await decodeJson(body, nowMs),
      waitForCommit: false,
      idempotencyKey: null,
      body,
    });
    this.#expected.add(message, nowMs);
    this.#figures.written++;
  }

  /** How often each line of the window was found, by message; null when not everything could be looked at. */
  async #find(nowMs: number, signal: AbortSignal): Promise<Map<string, number> | null> {
    const { search, walId } = this.#options.services;
    const range = { fromNs: BigInt(nowMs - WINDOW_MS) * NS_PER_MS, toNs: BigInt(nowMs + 1) * NS_PER_MS };
    const predicate: Predicate = { kind: "equals", field: { name: "tag", key: TAG }, values: [walId] };
    const found = new Map<string, number>();
    const page = { projectId: CANARY_PROJECT_ID, range, predicate, order: "asc", limit: 10_000, behind: null } as const;
    let lines = 0;
    for await (const event of searchPage(search, page, signal)) {
      if (event.kind === "end" && !event.end.complete) return null;
      if (event.kind !== "matches") continue;
      for (const { line } of event.matches) {
        const { message } = JSON.parse(line.toString("utf8")) as { message: string };
        found.set(message, (found.get(message) ?? 0) + 1);
        lines++;
      }
    }
    const counted = await countMatches(
      search,
      { projectId: CANARY_PROJECT_ID, predicate, spans: [{ ...range, groupings: [[]] }] },
      signal,
    );
    if (!counted.complete) return null;
    const [count] = counted.spans[0]?.[0]?.groups ?? [];
    // Counts that tell of fewer lines than the search found miss some, of more have some twice.
    if ((count?.count ?? 0) < lines) this.#figures.missed++;
    if ((count?.count ?? 0) > lines) this.#figures.doubled++;
    return found;
  }
}
