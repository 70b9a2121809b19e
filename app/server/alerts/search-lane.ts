import type { DueRule } from "#app/server/alerts/evaluation-catalog.ts";

/** Rules that are looked for in entries at the same time. */
const LANES = 3;
const MAX_BACKOFF_MS = 600_000;

/** LaneOutcome is `more` when the rule has further windows, `failed` when it should wait before another try. */
export type LaneOutcome = "done" | "more" | "failed";

/**
 * SearchLane evaluates the rules that have to be looked for in entries, some at a time, so that a slow one delays neither
 * the rules that counts answer nor, as long as there are lanes, each other. Turns go to the project with the fewest
 * running; a rule that failed waits longer each time.
 */
export class SearchLane {
  readonly #evaluate: (rule: DueRule) => Promise<LaneOutcome>;
  readonly #nowMs: () => number;
  readonly #intervalMs: number;
  readonly #onFree: () => void;
  readonly #running = new Map<string, { projectId: string; done: Promise<void> }>();
  readonly #failures = new Map<string, { inARow: number; notBeforeMs: number }>();
  #waiting: DueRule[] = [];
  #isStopping = false;

  constructor(options: {
    evaluate: (rule: DueRule) => Promise<LaneOutcome>;
    nowMs: () => number;
    intervalMs: number;
    /** Called when a rule has more to do. */
    onMore: () => void;
  }) {
    this.#evaluate = options.evaluate;
    this.#nowMs = options.nowMs;
    this.#intervalMs = options.intervalMs;
    this.#onFree = options.onMore;
  }

  /** True for a rule whose last tries failed: a smaller piece of work may succeed. */
  hasFailed(ruleId: string): boolean {
    return this.#failures.has(ruleId);
  }

  get runningRules(): number {
    return this.#running.size;
  }

  /** Takes the rules that are due now; those that still wait from before are among them. */
  offer(due: readonly DueRule[]): void {
    const nowMs = this.#nowMs();
    const dueIds = new Set(due.map(({ id }) => id));
    for (const id of this.#failures.keys()) if (!dueIds.has(id)) this.#failures.delete(id);
    this.#waiting = due
      .filter(({ id }) => !this.#running.has(id) && (this.#failures.get(id)?.notBeforeMs ?? 0) <= nowMs)
      .sort((a, b) => this.#failuresOf(a) - this.#failuresOf(b) || a.evaluatedToMs - b.evaluatedToMs);
    this.#fill();
  }

  /** Waits for what is running; nothing new begins. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#waiting = [];
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #failuresOf({ id }: DueRule): number {
    return this.#failures.get(id)?.inARow ?? 0;
  }

  #fill(): void {
    while (!this.#isStopping && this.#running.size < LANES) {
      const rule = this.#takeNext();
      if (rule === null) return;
      this.#running.set(rule.id, { projectId: rule.projectId, done: this.#run(rule) });
    }
  }

  #takeNext(): DueRule | null {
    const running = [...this.#running.values()];
    const loadOf = ({ projectId }: DueRule) => running.filter((one) => one.projectId === projectId).length;
    let best: DueRule | null = null;
    for (const rule of this.#waiting) if (best === null || loadOf(rule) < loadOf(best)) best = rule;
    this.#waiting = this.#waiting.filter((rule) => rule !== best);
    return best;
  }

  async #run(rule: DueRule): Promise<void> {
    const outcome = await this.#evaluate(rule);
    this.#running.delete(rule.id);
    if (outcome === "failed") {
      const inARow = this.#failuresOf(rule) + 1;
      const waitMs = Math.min(MAX_BACKOFF_MS, this.#intervalMs * 2 ** (inARow - 1));
      this.#failures.set(rule.id, { inARow, notBeforeMs: this.#nowMs() + waitMs });
    } else {
      this.#failures.delete(rule.id);
    }
    if (outcome === "more") this.#onFree();
    this.#fill();
  }
}
