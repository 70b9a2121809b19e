import { findSources } from "#app/server/search/find-sources.ts";
import type { LocalBatches, LocalView } from "#app/server/ingest/local-batches.ts";
import type { WalIdempotency } from "#app/server/ingest/wal-payload.ts";
import { blockOf, messagesOfLines } from "#tests/support/crash-model.ts";
import { seededRandom } from "#tests/support/seeded-random.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";
import { SimulatedClock } from "#tests/support/simulated-clock.ts";
import { startProcess, type SimulatedProcess, type SimulatedWorld } from "#tests/support/simulated-process.ts";
import { createTables, isReadable, simulatedBatchCatalog } from "#tests/support/simulated-tables.ts";
import { messagesOfStored } from "#tests/support/simulated-tier1.ts";

export interface SimulationOutcome {
  wrong: string[];
  acknowledged: number;
  kills: number;
  killsBetweenCalls: number;
  compactedRows: number;
  expiredRequests: number;
  takeovers: number;
  /** Requests that were dropped because another process had taken their key over. */
  dropped: number;
  /** Requests that were acknowledged while the database did not say whose their key is. */
  waited: number;
}

interface Request {
  projectId: string;
  messages: string[];
  key: string | null;
  receivedAtMs: number;
  /** The machine that acknowledged it. */
  acknowledgedBy: number | null;
}

interface Machine {
  disk: MemoryFileSystem;
  process: SimulatedProcess | null;
  lives: number;
  /** File-system calls until it dies in the middle of one; Infinity: it does not. */
  callsToLive: number;
}

/** The lines may be in another's WAL, or wait in this one's for the database: no process has to find them yet. */
const ANOTHER = -1;
const START_MS = Date.UTC(2026, 0, 15, 12);
const KEEPING = "00000000-0000-4000-8000-00000000000a";
const EXPIRING = "00000000-0000-4000-8000-00000000000b";
const RETENTION_MS = 10_000;
/** Longer than a lease, a given up object, and the rounds of every worker. */
const SETTLE_MS = 50_000;
/** Long enough for a process to be taken for dead. */
const LONG_PAUSE_MS = 20_000;
const TAKEOVER_MS = 12_000;

/** simulate runs one seed: two or three processes that share a catalog and a store, with faults, crashes and virtual time. */
export async function simulate(seed: number): Promise<SimulationOutcome> {
  const random = seededRandom(seed);
  const clock = new SimulatedClock(START_MS);
  const world: SimulatedWorld = {
    clock,
    bucket: new Map(),
    tables: createTables(() => clock.nowMs(), new Map([[EXPIRING, RETENTION_MS]])),
    random,
    faultShare: random() < 0.25 ? 0 : random() * 0.25,
  };
  const outcome: SimulationOutcome = {
    wrong: [],
    acknowledged: 0,
    kills: 0,
    killsBetweenCalls: 0,
    compactedRows: 0,
    expiredRequests: 0,
    takeovers: 0,
    dropped: 0,
    waited: 0,
  };
  const requests: Request[] = [];
  const machines = Array.from({ length: 2 + Math.floor(random() * 2) }, (): Machine => {
    return { disk: newDisk(), process: null, lives: 0, callsToLive: Infinity };
  });
  for (const index of machines.keys()) start(index);
  await clock.runFor(200);
  for (let step = 0, steps = 6 + random() * 12; step < steps && outcome.wrong.length === 0; step++) await act();
  await settle();
  return { ...outcome, wrong: outcome.wrong.map((text) => `${text} [seed ${seed}]`) };

  function newDisk(): MemoryFileSystem {
    return new MemoryFileSystem({ syncsNewDirectories: true });
  }

  async function act(): Promise<void> {
    const index = Math.floor(random() * machines.length);
    const machine = machines[index] as Machine;
    const choice = random();
    if (machine.process === null) {
      if (choice < 0.5) start(index);
    } else if (choice < 0.55) {
      for (let i = 1 + Math.floor(random() * 3); i > 0; i--) send(index);
    } else if (choice < 0.63) {
      resend(index);
    } else if (choice < 0.78) {
      if (random() < 0.6) machine.callsToLive = Math.floor(random() * 40);
      else kill(index);
    } else if (choice < 0.83) await stop(index);
    else if (choice < 0.88) await abandon(index);
    await clock.runFor(random() < 0.5 ? random() * 30 : random() * (random() < 0.15 ? LONG_PAUSE_MS : 3_000));
    for (const at of machines.keys()) if (random() < 0.2) await check(at);
  }

  function start(index: number): void {
    const machine = machines[index] as Machine;
    const walId = `00000000-0000-7000-8000-${index}${String(machine.lives++).padStart(11, "0")}`;
    machine.callsToLive = Infinity;
    machine.disk = machine.disk.afterKill({
      syncsNewDirectories: true,
      onCall: () => {
        if (machine.callsToLive-- > 0) return;
        outcome.killsBetweenCalls++;
        kill(index);
        throw new Error("the process is dead");
      },
    });
    const process = startProcess(world, machine.disk, walId);
    machine.process = process;
    process.started.catch(() => {
      // A start fails when the database is away; whoever runs the server starts it again.
      if (machine.process === process) kill(index);
    });
  }

  /** The process ends between two steps; half of the time the power goes with it. */
  function kill(index: number): void {
    const machine = machines[index] as Machine;
    if (machine.process === null) return;
    outcome.kills++;
    machine.process.isDead = true;
    machine.process.isReady = false;
    machine.process = null;
    machine.callsToLive = Infinity;
    const fates = ["lost", "torn", "whole"] as const;
    machine.disk =
      random() < 0.5
        ? machine.disk.afterKill()
        : machine.disk.afterCrash((change) => {
            const fate = fates[Math.floor(random() * 3)] ?? "lost";
            return fate === "torn" && change.kind !== "write" ? "lost" : fate;
          });
  }

  /**
   * It dies, or loses the database alone, with keyed requests under way, and stays away until others may take their keys
   * over. That is what their senders ask for, whether an answer reached them or not.
   */
  async function abandon(index: number): Promise<void> {
    const first = requests.length;
    for (let i = 0; i < 2; i++) send(index, true);
    await clock.runFor(random() * 40);
    const { process } = machines[index] as Machine;
    if (process !== null && random() < 0.5) process.isCutOff = true;
    else kill(index);
    await clock.runFor(TAKEOVER_MS + random() * 3_000);
    const heir = machines.findIndex((machine, i) => i !== index && machine.process?.isReady === true);
    for (const request of requests.slice(first)) void sendTo(heir, request);
    await clock.runFor(random() * 1_000);
    if (process !== null) process.isCutOff = false;
  }

  async function stop(index: number): Promise<void> {
    const machine = machines[index] as Machine;
    const { process } = machine;
    if (process?.isReady !== true) return;
    let isOver = false;
    void process.stop().then(
      () => (isOver = true),
      () => (isOver = true),
    );
    await clock.runFor(20_000, () => isOver || process.isDead);
    if (machine.process !== process) return;
    process.isDead = true;
    machine.process = null;
  }

  function send(index: number, isKeyed = random() < 0.35): void {
    const { length } = requests;
    const lines = random() < 0.2 ? 6 : 1 + Math.floor(random() * 3);
    const request: Request = {
      projectId: random() < 0.7 ? KEEPING : EXPIRING,
      messages: Array.from({ length: lines }, (_, i) => `r${length}.${i}`),
      key: isKeyed ? `r${length}` : null,
      receivedAtMs: clock.nowMs(),
      acknowledgedBy: null,
    };
    requests.push(request);
    void sendTo(index, request);
  }

  /** A keyed request without a receipt may go to any process. */
  function resend(index: number): void {
    const waiting = requests.filter(({ key, acknowledgedBy }) => key !== null && acknowledgedBy === null);
    const request = waiting[Math.floor(random() * waiting.length)];
    if (request !== undefined) void sendTo(index, request);
  }

  /** What the server does with a request; a sender whose process dies hears nothing. */
  async function sendTo(index: number, request: Request): Promise<void> {
    const process = machines[index]?.process ?? null;
    if (process?.isReady !== true) return;
    const { ingester, idempotency, walId } = process;
    const { projectId, key, messages } = request;
    try {
      let receipt: WalIdempotency | null = null;
      if (key !== null) {
        const claim = await idempotency.claim({ projectId, key, digest: key, walId }, TAKEOVER_MS);
        if (claim.state === "finished") acknowledge(ANOTHER);
        if (claim.state !== "claimed") return;
        receipt = { key, claimId: claim.claimId, digest: key, answer: "{}" };
        if ((world.tables.keys.get(key)?.takenClaims.length ?? 0) > 0) outcome.takeovers++;
      }
      const receivedAtMs = clock.nowMs();
      request.receivedAtMs = Math.max(request.receivedAtMs, receivedAtMs);
      const block = blockOf(messages, receivedAtMs);
      const { state } = await ingester.accept({ projectId, block, receivedAtMs, idempotency: receipt });
      if (state === "taken-over") outcome.dropped++;
      else if (state === "batched") acknowledge(index);
      else {
        outcome.waited++;
        acknowledge(ANOTHER);
      }
    } catch {
      // No receipt: stored or not, and for the sender to send again if it has a key.
    }

    function acknowledge(by: number): void {
      if (process?.isDead !== false) return;
      if (request.acknowledgedBy === null) outcome.acknowledged += messages.length;
      request.acknowledgedBy ??= by;
    }
  }

  /** What a query to this process would find at this moment. */
  async function check(index: number): Promise<void> {
    const { process, disk } = machines[index] as Machine;
    if (process?.isReady !== true || machines[index]?.callsToLive !== Infinity) return;
    const { local } = process.ingester;
    const release = local.register();
    try {
      const found = [...(await read(KEEPING, local, disk)), ...(await read(EXPIRING, local, disk))];
      compare(`a query to process ${index}`, found, ({ acknowledgedBy }) => acknowledgedBy === index);
    } catch (error) {
      outcome.wrong.push(`a query to process ${index} failed: ${String(error)}`);
    } finally {
      release();
    }
  }

  async function read(projectId: string, local: LocalBatches, disk: MemoryFileSystem): Promise<string[]> {
    const catalog = simulatedBatchCatalog(world.tables, (_, statement) => Promise.resolve(statement()));
    const sources = await findSources({ catalog, local }, { projectId, fromNs: 0n, toNs: 2n ** 62n });
    const messages = sources.stored.flatMap(({ objectKey }) => storedMessages(objectKey));
    for (const view of sources.local) messages.push(...(await localMessages(view, disk)));
    return messages;
  }

  function storedMessages(objectKey: string): string[] {
    const object = world.bucket.get(objectKey);
    if (object === undefined) throw new Error(`the object ${objectKey} of a row is gone`);
    return messagesOfStored(object, objectKey);
  }

  function compare(when: string, found: readonly string[], isDue: (request: Request) => boolean): void {
    const counts = new Map<string, number>();
    for (const message of found) counts.set(message, (counts.get(message) ?? 0) + 1);
    for (const request of requests) {
      const { messages, projectId, receivedAtMs } = request;
      const mayBeExpired = projectId === EXPIRING && clock.nowMs() - receivedAtMs >= RETENTION_MS;
      for (const message of messages) {
        const count = counts.get(message) ?? 0;
        counts.delete(message);
        if (count > 1) outcome.wrong.push(`${when} has ${message} ${count} times`);
        if (count === 0 && !mayBeExpired && isDue(request)) outcome.wrong.push(`${when} lacks ${message}`);
      }
    }
    for (const message of counts.keys()) outcome.wrong.push(`${when} has ${message}, which nobody sent`);
  }

  /** Everything comes back, nothing fails any more, and time passes: what is left must be right and tidy. */
  async function settle(): Promise<void> {
    if (outcome.wrong.length > 0) return;
    world.faultShare = 0;
    for (const index of machines.keys()) {
      await stop(index);
      kill(index);
      start(index);
    }
    await clock.runFor(5_000);
    for (const index of machines.keys()) await check(index);
    const { rows } = world.tables;
    // The day after which a locked object is tried again.
    for (const row of rows.values()) row.stateSinceMs = Math.min(row.stateSinceMs, clock.nowMs());
    let left = ["nothing was looked at"];
    for (const untilMs = clock.nowMs() + SETTLE_MS; left.length > 0 && clock.nowMs() < untilMs;) {
      await clock.runFor(1_000);
      left = await leftovers();
    }
    outcome.wrong.push(...left);
    outcome.compactedRows = [...rows.values()].filter(({ tier }) => tier === 1).length;
    outcome.expiredRequests = requests.filter(({ projectId }) => projectId === EXPIRING).length;
    const readable = [...rows.values()].filter(isReadable).flatMap(({ objectKey }) => storedMessages(objectKey));
    compare("the end", readable, ({ acknowledgedBy }) => acknowledgedBy !== null);
  }

  /** What has yet to be stored, compacted, expired or removed. */
  async function leftovers(): Promise<string[]> {
    const left: string[] = [];
    const rows = [...world.tables.rows.values()];
    const keys = new Set(rows.map(({ objectKey }) => objectKey));
    for (const key of world.bucket.keys()) if (!keys.has(key)) left.push(`the object ${key} has no row`);
    for (const { state, objectKey, projectId } of rows) {
      if (state !== "stored") left.push(`the row of ${objectKey} is still ${state}`);
      else if (projectId === EXPIRING) left.push(`the row of ${objectKey} has expired and is still there`);
    }
    for (const [index, { process, disk }] of machines.entries()) {
      if (process?.isReady !== true) left.push(`process ${index} does not start any more`);
      for (const failure of process?.failures ?? []) left.push(`process ${index}: ${failure.message}`);
      const names = [...(await disk.list("/data/spool")), ...(await disk.list("/data/wal"))];
      if (names.some((name) => name !== process?.walId)) left.push(`process ${index} kept ${names.join(", ")}`);
    }
    return left;
  }
}

async function localMessages({ batch, parts }: LocalView, disk: MemoryFileSystem): Promise<string[]> {
  if (parts.length === 0 && batch.spoolPath !== null)
    return messagesOfStored(await disk.readFile(batch.spoolPath), batch.spoolPath);
  return parts.flatMap(({ block, from, to }) => messagesOfLines(block, from, to));
}
