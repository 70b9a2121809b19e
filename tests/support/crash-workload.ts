import { emptyOutside, ManualClock, type Outside } from "#tests/support/crash-fakes.ts";
import { blockOf, buildMachine, closeMachine, type Machine } from "#tests/support/crash-model.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

/** Receipts is what senders know: a request's lines are acknowledged, or its outcome is not known to them. */
export type Receipts = ReadonlyMap<string, SentRequest>;

export interface SentRequest {
  messages: readonly string[];
  isAcknowledged: boolean;
  key: string | null;
  projectId: string;
}

/** Snapshot is one moment: a disk with what is not synced, the world outside, and what senders know. */
export interface Snapshot {
  fileSystem: MemoryFileSystem;
  outside: Outside;
  receipts: Receipts;
  step: string;
}

export interface Senders {
  receipts: Receipts;
  send(machine: Machine, request: { name: string; lines: number; projectId: string; isKeyed: boolean }): Promise<void>;
}

export const START_MS = Date.UTC(2026, 0, 15, 12);
const PROJECTS = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"] as const;
/** Calls that change nothing on the disk need no state of their own. */
const READING = new Set(["read", "read bytes", "read file", "list", "stat", "size", "close", "free space"]);

export function createSenders(receipts: Receipts = new Map()): Senders {
  const senders: Senders = {
    receipts,
    async send(machine, { name, lines, projectId, isKeyed }) {
      const messages = Array.from({ length: lines }, (_, i) => `${name}.${i}`);
      const request: SentRequest = { messages, isAcknowledged: false, key: isKeyed ? name : null, projectId };
      senders.receipts = new Map(senders.receipts).set(name, request);
      await sendOnce(machine, request);
      senders.receipts = new Map(senders.receipts).set(name, { ...request, isAcknowledged: true });
    },
  };
  return senders;
}

/** sendOnce does what the server does with a request that may carry a key. */
async function sendOnce(machine: Machine, { messages, key, projectId }: SentRequest): Promise<void> {
  const { ingester, outside, walId, clock } = machine;
  const block = blockOf(messages, clock.nowMs());
  const request = { projectId, block, receivedAtMs: clock.nowMs() };
  if (key === null) {
    await ingester.accept({ ...request, idempotency: null });
    return;
  }
  const claim = await outside.idempotency.claim({ projectId, key, digest: key, walId }, 0);
  if (claim.state === "finished") return;
  if (claim.state !== "claimed") throw new Error(`the key ${key} is ${claim.state}`);
  const { claimId } = claim;
  await ingester.accept({ ...request, idempotency: { key, claimId, digest: key, answer: "{}" } });
}

/** resendKeys sends every keyed request that has no receipt again, as senders do. */
export async function resendKeys(machine: Machine, receipts: Receipts): Promise<void> {
  for (const request of receipts.values())
    if (request.key !== null && !request.isAcknowledged) await sendOnce(machine, request);
}

/** recordWorkload lets one process take requests of two projects and returns every moment at which it could have died. */
export async function recordWorkload(random: () => number): Promise<Snapshot[]> {
  const senders = createSenders();
  const recording = startRecording(() => senders.receipts, {
    fileSystem: new MemoryFileSystem(),
    outside: emptyOutside(),
  });
  const clock = new ManualClock(START_MS);
  const machine = buildMachine({ ...recording.parts, clock, life: 1 });
  recording.machine = machine;
  await machine.ingester.start();
  let sent = 0;
  for (let round = 0; round < 3; round++) {
    const group = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      senders.send(machine, {
        name: `r${sent++}`,
        lines: random() < 0.2 ? 6 : 1 + Math.floor(random() * 3),
        projectId: PROJECTS[random() < 0.6 ? 0 : 1],
        isKeyed: random() < 0.4,
      }),
    );
    await Promise.all(group);
    const untilMs = clock.nowMs() + (random() < 0.5 ? 0 : 1_500);
    await clock.runUntil(() => clock.nowMs() >= untilMs);
  }
  if (random() < 0.5) await closeMachine(machine);
  recording.machine = null;
  return recording.snapshots;
}

/** startRecording gives the parts of a machine whose every changing step leaves a snapshot of the moment before it. */
export function startRecording(
  receipts: () => Receipts,
  from: { fileSystem: MemoryFileSystem; outside: Outside },
  isRecorded = true,
) {
  const recording = {
    snapshots: [] as Snapshot[],
    machine: null as Machine | null,
    parts: { fileSystem: from.fileSystem, outside: from.outside, onStep: takeSnapshot },
  };
  recording.parts.fileSystem = from.fileSystem.afterKill({
    syncsNewDirectories: true,
    onCall: (operation, filePath) => {
      if (!READING.has(operation)) takeSnapshot(`${operation} ${filePath}`);
    },
  });
  function takeSnapshot(step: string): void {
    if (!isRecorded) return;
    const outside = recording.machine?.outside.now ?? from.outside;
    const fileSystem = recording.parts.fileSystem.afterKill({ syncsNewDirectories: true });
    recording.snapshots.push({ fileSystem, outside, receipts: receipts(), step });
  }
  return recording;
}
