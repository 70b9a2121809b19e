import { KNOWN_GROUP_MS, needsKnownGroups, type GroupState } from "#app/core/alert-state.ts";
import { dueWindows, lastWindowEnd, type AlertWindow } from "#app/core/alert-window.ts";
import { startTicks } from "#app/server/alerts/alert-ticks.ts";
import { CompiledRules } from "#app/server/alerts/compiled-rules.ts";
import {
  countByMinute,
  countBySearch,
  findKnownGroups,
  type CountedWindows,
  type CountFailure,
} from "#app/server/alerts/count-windows.ts";
import { evaluateWindows } from "#app/server/alerts/evaluate-rules.ts";
import {
  commitEvaluations,
  expireEvaluations,
  markFailed,
  readDueRules,
  type DueRule,
  type Evaluation,
} from "#app/server/alerts/evaluation-catalog.ts";
import {
  dropWatch,
  isHeldBack,
  isUnwatched,
  MAX_HELD_MS,
  takeWatch,
  type Watch,
} from "#app/server/alerts/process-progress.ts";
import { ProgressPublisher } from "#app/server/alerts/progress-publisher.ts";
import { SearchLane, type LaneOutcome } from "#app/server/alerts/search-lane.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import type { CountOptions } from "#app/server/search/count-matches.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface AlertWorkerOptions {
  database: CatalogDatabase;
  /** This process's own WAL, which names it. */
  walId: string;
  /** All WALs whose entries its searches see. */
  walIds: () => string[];
  committedThroughMs: (nowMs: number) => number;
  /** What this process acknowledged before then is in the counts that it makes itself. */
  searchableThroughMs: (nowMs: number) => number;
  search: CountOptions;
  clock: Clock;
  logger: Logger;
  intervalMs: number;
  offsetMs: number;
  /** Time for one rule whose entries have to be looked through. */
  maxQueryMs: number;
  /** Called when there may be something to send. */
  onNotified: () => void;
}

/** Six hours of windows at the default interval; what lies further back is not made up. */
const MAX_WINDOWS_BACK = 360;
/** Windows of one rule that are made up in one go. */
const WINDOWS_AT_ONCE = 20;
const RULES_PER_COMMIT = 200;
const PROJECTS_AT_ONCE = 4;
/** When windows wait for another process, or the database is away. */
const MAX_RECHECK_MS = 2_000;
const MAX_LEASE_MS = 30_000;
/** A day is what charts show. */
const KEEP_EVALUATIONS_MS = KNOWN_GROUP_MS;
const EXPIRE_EVERY_MS = 600_000;

/** TakenWatch is how far all processes were when they were looked at, this one among them. */
interface TakenWatch extends Watch {
  /** Before the look: who has come since then may have entries of later windows. */
  takenAtMs: number;
  /** Behind the look: silence is counted back from here. */
  answeredAtMs: number;
}

/** PlannedWindows are a rule's windows that can be evaluated, by what was known when they were planned. */
interface PlannedWindows {
  windows: AlertWindow[];
  /** No other window is due. */
  isAll: boolean;
  watch: TakenWatch;
}

const FAILURES: Record<CountFailure, string> = {
  timeout: "takes too long: narrow its query or its window",
  unreachable: "cannot read all entries of its window: the object store does not answer, or an object is missing",
  "too many groups": "groups by a field that has more than 10,000 values",
};

/** AlertWorker publishes how far this process is, and evaluates rules while no other process does. */
export class AlertWorker {
  readonly #options: AlertWorkerOptions;
  readonly #stopping = new AbortController();
  readonly #lane: SearchLane;
  readonly #publisher: ProgressPublisher;
  readonly #compiled = new CompiledRules();
  #watch: TakenWatch = { others: [], unwatched: null, takenAtMs: 0, answeredAtMs: 0 };
  #stopTicks: (() => Promise<void>) | null = null;
  #evaluating: Promise<void> | null = null;
  #wakeUp: (() => void) | null = null;
  #isWoken = false;
  #expiredAtMs = 0;
  /** For whoever watches this process. */
  readonly figures = { rules: 0, lagMs: 0, tickMs: 0, evaluations: 0, failures: 0 };

  constructor(options: AlertWorkerOptions) {
    this.#options = options;
    this.#publisher = new ProgressPublisher(options);
    this.#lane = new SearchLane({
      evaluate: (rule) => this.#evaluateBySearch(rule),
      nowMs: () => options.clock.nowMs(),
      intervalMs: options.intervalMs,
      onMore: () => this.#wake(),
    });
  }

  /** Resolves when other processes know of this one. */
  async start(): Promise<void> {
    await this.#publisher.start();
    const { intervalMs, offsetMs, clock } = this.#options;
    this.#stopTicks ??= startTicks({ intervalMs, offsetMs, clock }, () => this.#wake());
    this.#evaluating ??= this.#evaluateOften();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("alerts stop"));
    this.#wake();
    await this.#stopTicks?.();
    await Promise.all([this.#publisher.stop(), this.#evaluating, this.#lane.stop()]);
    const { database, walId } = this.#options;
    // Without it the others wait until the lease ends.
    await dropWatch(database, walId).catch(() => undefined);
  }

  #wake(): void {
    this.#isWoken = true;
    this.#wakeUp?.();
  }

  async #evaluateOften(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#isWoken = false;
      let isFinished = false;
      try {
        isFinished = await this.#evaluateDue();
      } catch (error) {
        if (!signal.aborted) this.#options.logger.warn({ err: error }, "cannot evaluate alerts now");
      }
      await this.#waitForWork(isFinished ? null : Math.min(MAX_RECHECK_MS, this.#options.intervalMs));
    }
  }

  /** Waits for a tick, and no longer than `mostMs`. */
  async #waitForWork(mostMs: number | null): Promise<void> {
    if (this.#isWoken) return;
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => (this.#wakeUp = resolve));
    const slept = mostMs === null ? woken : this.#options.clock.sleep(mostMs, timer.signal).catch(() => undefined);
    await Promise.race([woken, slept]);
    timer.abort();
    this.#wakeUp = null;
  }

  /** Evaluates what can be evaluated now; false when windows are left that may be ready before the next tick. */
  async #evaluateDue(): Promise<boolean> {
    const { database, walId, walIds, searchableThroughMs, intervalMs, offsetMs, clock } = this.#options;
    const startedMs = clock.nowMs();
    // Entries whose Idempotency-Key waits for the database are acknowledged, and in no count yet.
    const own = { walId, committedThroughMs: searchableThroughMs(startedMs), silentMs: 0 };
    const leaseMs = Math.min(MAX_LEASE_MS, 2 * intervalMs);
    const watch = await takeWatch(database, { walId, walIds: walIds(), leaseMs });
    if (watch === null) return true;
    const others = [own, ...watch.others];
    this.#watch = { ...watch, others, takenAtMs: startedMs, answeredAtMs: clock.nowMs() };
    const lastEndMs = lastWindowEnd(startedMs - offsetMs, intervalMs);
    const due = await readDueRules(database, lastEndMs);
    const { byMinute, bySearch, failed } = this.#compiled.sort(due);
    await this.#fail(failed);
    this.#lane.offer(bySearch);
    const isFinished = await this.#evaluateByMinute(byMinute);
    const oldestMs = Math.min(lastEndMs, ...due.map(({ evaluatedToMs }) => evaluatedToMs));
    Object.assign(this.figures, {
      rules: due.length,
      lagMs: lastEndMs - oldestMs,
      tickMs: clock.nowMs() - startedMs,
    });
    await this.#expire(startedMs);
    return isFinished;
  }

  async #evaluateByMinute(rules: readonly DueRule[]): Promise<boolean> {
    const byProject = new Map<string, DueRule[]>();
    for (const rule of rules) {
      const ofProject = byProject.get(rule.projectId);
      if (ofProject === undefined) byProject.set(rule.projectId, [rule]);
      else ofProject.push(rule);
    }
    const projects = [...byProject];
    const finished: boolean[] = [];
    const work = async () => {
      for (let next = projects.pop(); next !== undefined; next = projects.pop()) {
        const [projectId, ofProject] = next;
        try {
          finished.push(await this.#evaluateProject(projectId, ofProject));
        } catch (error) {
          // One project's trouble is not the others'.
          if (this.#stopping.signal.aborted) return;
          finished.push(false);
          this.#options.logger.warn({ err: error, projectId }, "cannot evaluate the alerts of a project now");
        }
      }
    };
    await Promise.all(Array.from({ length: PROJECTS_AT_ONCE }, work));
    return finished.every((isFinished) => isFinished);
  }

  async #evaluateProject(projectId: string, rules: readonly DueRule[]): Promise<boolean> {
    const { search, maxQueryMs } = this.#options;
    const planned = rules.map((rule) => ({ rule, ...this.#plan(rule, WINDOWS_AT_ONCE) }));
    const ready = planned.filter(({ windows }) => windows.length > 0);
    const requests = ready.map(({ rule, windows }) => ({ filter: this.#compiled.of(rule).filter, windows }));
    const options = { ...search, maxQueryMs };
    const counted = ready.length === 0 ? [] : await countByMinute(options, projectId, requests, this.#stopping.signal);
    const evaluations: Evaluation[] = [];
    const failed: { rule: DueRule; reason: string }[] = [];
    for (const [i, { rule, ...planned }] of ready.entries()) {
      const evaluation = await this.#judge(rule, planned, counted[i] as CountedWindows);
      if (typeof evaluation === "string") failed.push({ rule, reason: evaluation });
      else evaluations.push(evaluation);
    }
    for (let from = 0; from < evaluations.length; from += RULES_PER_COMMIT) {
      await this.#commit(evaluations.slice(from, from + RULES_PER_COMMIT));
    }
    await this.#fail(failed);
    return failed.length === 0 && planned.every(({ isAll }) => isAll);
  }

  async #evaluateBySearch(rule: DueRule): Promise<LaneOutcome> {
    const { search, maxQueryMs, logger } = this.#options;
    const { signal } = this.#stopping;
    try {
      const planned = this.#plan(rule, this.#lane.hasFailed(rule.id) ? 1 : WINDOWS_AT_ONCE);
      const { windows, isAll } = planned;
      if (windows.length === 0) return "done";
      const { filter } = this.#compiled.of(rule);
      const counted = await countBySearch({ ...search, maxQueryMs }, rule.projectId, filter, windows, signal);
      const evaluation = await this.#judge(rule, planned, counted);
      if (typeof evaluation === "string") {
        await this.#fail([{ rule, reason: evaluation }]);
        return "failed";
      }
      await this.#commit([evaluation]);
      return isAll ? "done" : "more";
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error, ruleId: rule.id }, "cannot evaluate an alert rule now");
      return "failed";
    }
  }

  /** The rule's windows that can be evaluated now, in order. */
  #plan(rule: DueRule, most: number): PlannedWindows {
    const { clock, intervalMs, offsetMs } = this.#options;
    const nowMs = clock.nowMs();
    const watch = this.#watch;
    const due = dueWindows(rule, {
      untilMs: watch.takenAtMs - offsetMs,
      intervalMs,
      most: most + 1,
      mostBack: MAX_WINDOWS_BACK,
    });
    const held = due.findIndex((window) => nowMs < window.toMs + MAX_HELD_MS && this.#isHeldBack(watch, window));
    const windows = due.slice(0, held === -1 ? most : Math.min(held, most));
    return { windows, isAll: windows.length === due.length, watch };
  }

  #isHeldBack({ others, answeredAtMs }: TakenWatch, window: AlertWindow): boolean {
    const { offsetMs } = this.#options;
    return others.some((other) => isHeldBack(other, window, { nowMs: answeredAtMs, offsetMs }));
  }

  /** What the counts mean for the rule, or why they mean nothing. */
  async #judge(
    rule: DueRule,
    { windows, watch }: PlannedWindows,
    { counts, failure }: CountedWindows,
  ): Promise<Evaluation | string> {
    const nowMs = this.#options.clock.nowMs();
    // What cannot be read for so long is done without, as windows are that somebody holds back.
    const isGivenUp = failure === "unreachable" && windows.every(({ toMs }) => nowMs >= toMs + MAX_HELD_MS);
    if (failure !== null && !isGivenUp) return FAILURES[failure];
    const groups = await this.#knownGroups(rule, windows[0] as AlertWindow);
    return evaluateWindows({ ...rule, groups }, windows, counts, (window) => ({
      isPartial: failure !== null || this.#isHeldBack(watch, window),
      isUnwatched: isUnwatched(window, watch.unwatched),
    }));
  }

  /** A new rule that waits for silence has to know who was there before. */
  async #knownGroups(rule: DueRule, { toMs }: AlertWindow): Promise<Map<string, GroupState>> {
    const { groupBy } = rule;
    if (!rule.needsKnownGroups || groupBy === null || !needsKnownGroups(rule.watched)) return rule.groups;
    const { search, maxQueryMs } = this.#options;
    const seen = await findKnownGroups(
      { ...search, maxQueryMs },
      rule.projectId,
      { predicate: this.#compiled.of(rule).filter.predicate, groupBy },
      { fromMs: Math.max(0, toMs - KNOWN_GROUP_MS), toMs },
      this.#stopping.signal,
    );
    const known = new Map(rule.groups);
    for (const [key, seenMs] of seen) {
      known.set(key, { status: "ok", streak: 0, value: 0, sinceMs: null, notifiedMs: null, seenMs });
    }
    return known;
  }

  async #commit(evaluations: Evaluation[]): Promise<void> {
    const recorded = await commitEvaluations(this.#options.database, evaluations);
    this.figures.evaluations += evaluations.reduce(
      (sum, { rule, values }) => sum + (recorded.has(rule.id) ? values.length : 0),
      0,
    );
    const isTold = evaluations.some(({ rule, transitions }) => {
      return recorded.has(rule.id) && transitions.some(({ isNotified }) => isNotified);
    });
    if (isTold) this.#options.onNotified();
  }

  async #fail(failed: { rule: DueRule; reason: string }[]): Promise<void> {
    if (failed.length === 0) return;
    this.figures.failures += failed.length;
    await markFailed(this.#options.database, failed);
  }

  async #expire(nowMs: number): Promise<void> {
    if (nowMs - this.#expiredAtMs < EXPIRE_EVERY_MS) return;
    this.#expiredAtMs = nowMs;
    await expireEvaluations(this.#options.database, nowMs - KEEP_EVALUATIONS_MS);
  }
}
