import { ManualClock } from "#tests/support/crash-fakes.ts";
import {
  buildMachine,
  closeMachine,
  committedMessages,
  visibleMessages,
  type Machine,
} from "#tests/support/crash-model.ts";
import {
  START_MS,
  createSenders,
  resendKeys,
  startRecording,
  type Receipts,
  type Snapshot,
} from "#tests/support/crash-workload.ts";
import type { Change, Fate } from "#tests/support/memory-file-system-tree.ts";
import type { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

/** CrashState is one disk that a crash at a snapshot's moment can leave. */
export interface CrashState extends Omit<Snapshot, "fileSystem"> {
  fileSystem: MemoryFileSystem;
  /** How each change that was not synced fared, for the reader of a failure; `killed`: only the process died. */
  fates: string;
}

/** Up to this many combinations of fates are all tried; of more, as many are drawn. */
const MAX_STATES_PER_MOMENT = 24;

/** crashStates yields the process's death and the power cuts of one moment. */
export function* crashStates(snapshot: Snapshot, random: () => number): Generator<CrashState> {
  const { fileSystem, ...rest } = snapshot;
  yield { ...rest, fileSystem: fileSystem.afterKill(), fates: "killed" };
  const changes = fileSystem.pendingChanges();
  const total = changes.reduce((product, change) => product * fatesOf(change).length, 1);
  const tried = new Set<string>();
  for (let i = 0; i < Math.min(total, MAX_STATES_PER_MOMENT); i++) {
    const fates =
      total <= MAX_STATES_PER_MOMENT ? nthFates(changes, i) : changes.map((change) => draw(fatesOf(change), random));
    const text = fates.join(" ");
    if (tried.size === tried.add(text).size) continue;
    const fateOf = new Map(changes.map((change, at) => [change, fates[at] as Fate]));
    yield { ...rest, fileSystem: fileSystem.afterCrash((change) => fateOf.get(change) ?? "whole"), fates: text };
  }
}

function fatesOf(change: Change): readonly Fate[] {
  return change.kind === "write" ? ["lost", "torn", "whole"] : ["lost", "whole"];
}

function nthFates(changes: readonly Change[], n: number): Fate[] {
  let rest = n;
  return changes.map((change) => {
    const fates = fatesOf(change);
    const fate = fates[rest % fates.length] as Fate;
    rest = Math.floor(rest / fates.length);
    return fate;
  });
}

function draw<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T;
}

/**
 * recover starts a new process on what a crash left, checks what it finds, lets senders repeat what they may repeat,
 * takes one more request, stops it, and checks that everything is stored once and nothing is left over.
 * Returns what is wrong, and, when asked, the moments of the recovery itself for the next crash.
 */
export async function recover(
  state: CrashState,
  life: number,
  isRecorded = false,
): Promise<{ wrong: string[]; snapshots: Snapshot[] }> {
  const wrong: string[] = [];
  const senders = createSenders(state.receipts);
  const recording = startRecording(() => senders.receipts, state, isRecorded);
  const clock = new ManualClock(START_MS + life * 60_000);
  const machine = buildMachine({ ...recording.parts, clock, life });
  recording.machine = machine;
  try {
    await machine.ingester.start();
    wrong.push(...compare("after the start", await visibleMessages(machine), state.receipts));
    await resendKeys(machine, state.receipts);
    await senders.send(machine, {
      name: `late${life}`,
      lines: 2,
      projectId: "00000000-0000-4000-8000-00000000000a",
      isKeyed: false,
    });
    await closeMachine(machine);
    wrong.push(...compare("in the end", committedMessages(machine.outside.now), afterResend(senders.receipts)));
    wrong.push(...(await leftovers(machine)));
  } catch (error) {
    wrong.push(`it failed: ${error instanceof Error ? error.stack : String(error)}`);
  }
  return {
    wrong: wrong.map((text) => `${text} [before ${state.step}; ${state.fates}]`),
    snapshots: recording.snapshots,
  };
}

/** A key that was sent again has its receipt now. */
function afterResend(receipts: Receipts): Receipts {
  return new Map(
    [...receipts].map(([name, request]) => [
      name,
      { ...request, isAcknowledged: request.isAcknowledged || request.key !== null },
    ]),
  );
}

function compare(when: string, found: readonly string[], receipts: Receipts): string[] {
  const counts = new Map<string, number>();
  for (const message of found) counts.set(message, (counts.get(message) ?? 0) + 1);
  const wrong: string[] = [];
  for (const { messages, isAcknowledged } of receipts.values()) {
    for (const message of messages) {
      const count = counts.get(message) ?? 0;
      counts.delete(message);
      if (count > 1) wrong.push(`${when} ${message} is there ${count} times`);
      if (count === 0 && isAcknowledged) wrong.push(`${when} ${message} is lost`);
    }
  }
  for (const message of counts.keys()) wrong.push(`${when} there is ${message}, which nobody sent`);
  return wrong;
}

async function leftovers({ fileSystem, outside, failures }: Machine): Promise<string[]> {
  const wrong = failures.map((error) => `the WAL failed: ${error.message}`);
  for (const folder of ["/data/wal", "/data/spool"]) {
    const names = await fileSystem.list(folder);
    if (names.length > 0) wrong.push(`${folder} still has ${names.join(", ")}`);
  }
  const referenced = new Set(outside.now.rows.map(({ objectKey }) => objectKey));
  for (const key of outside.now.objects.keys()) if (!referenced.has(key)) wrong.push(`the object ${key} has no row`);
  return wrong;
}
