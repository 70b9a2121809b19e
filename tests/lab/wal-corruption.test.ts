import { describe, expect, it } from "vitest";
import { readWal, walFiles } from "#app/server/ingest/wal-reader.ts";
import { Wal } from "#app/server/ingest/wal.ts";
import { emptyOutside, ManualClock } from "#tests/support/crash-fakes.ts";
import { blockOf, buildMachine, visibleMessages } from "#tests/support/crash-model.ts";
import { seededRandom, seedOf } from "#tests/support/seeded-random.ts";
import { START_MS } from "#tests/support/crash-workload.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

/** `WAL_CORRUPTIONS=500000` in the long tier; `WAL_SEED` begins with one certain damage. */
const CORRUPTIONS = Number(process.env["WAL_CORRUPTIONS"] ?? 20_000);
const SEED = seedOf("WAL_SEED");
/** A whole start takes as long as reading ten damaged files. */
const STARTS = Math.ceil(CORRUPTIONS / 10);
const HEADER_BYTES = 20;
const PROJECT = "00000000-0000-4000-8000-00000000000a";

interface Written {
  fileSystem: MemoryFileSystem;
  directory: string;
  /** Of each file its bytes, and where its records lie. */
  files: { path: string; bytes: Buffer; places: { sequence: number; start: number; end: number }[] }[];
  payloads: Buffer[];
}

/** One file's bytes after damage. */
interface Damage {
  file: number;
  bytes: Buffer;
}

async function writtenWal(random: () => number): Promise<Written> {
  const fileSystem = new MemoryFileSystem({ syncsNewDirectories: true });
  const options = { directory: "/wal", walId: "a", fileSystem, maxFileBytes: 400, onFailure: () => undefined };
  const wal = await Wal.open(options);
  const payloads = Array.from({ length: 2 + Math.floor(random() * 7) }, () => payloadOf(random));
  for (const payload of payloads) await wal.append([payload]);
  await wal.close();
  return { fileSystem, directory: "/wal/a", payloads, files: await describeFiles(fileSystem, "/wal/a") };
}

/** Some payloads hold what looks like the beginning of a record. */
function payloadOf(random: () => number): Buffer {
  const payload = Buffer.alloc(1 + Math.floor(random() * 150), Math.floor(random() * 256));
  if (random() < 0.2) Buffer.from([0xa1, 0x57, 0x4c, 0x9e, 5, 0, 0, 0]).copy(payload, Math.floor(random() * 20));
  return payload;
}

async function describeFiles(fileSystem: MemoryFileSystem, directory: string): Promise<Written["files"]> {
  const files: Written["files"] = [];
  for (const path of await walFiles(fileSystem, directory)) {
    const bytes = await fileSystem.readFile(path);
    const places: Written["files"][number]["places"] = [];
    for (let start = 8; start < bytes.length;) {
      const end = start + HEADER_BYTES + bytes.readUInt32LE(start + 4);
      places.push({ sequence: Number(bytes.readBigUInt64LE(start + 12)), start, end });
      start = end;
    }
    files.push({ path, bytes, places });
  }
  return files;
}

/** Flips bits, overwrites a stretch, cuts the file off, puts bytes in, or takes some out. */
function damage({ files }: Pick<Written, "files">, random: () => number): Damage {
  const below = (limit: number) => Math.floor(random() * limit);
  const file = below(files.length);
  const original = files[file]?.bytes ?? Buffer.alloc(0);
  const at = below(original.length);
  const length = 1 + below(random() < 0.8 ? 30 : 200);
  const noise = Buffer.from(Array.from({ length }, () => below(256)));
  let bytes = Buffer.from(original);
  switch (below(6)) {
    case 0:
      for (let flips = 1 + below(4); flips > 0; flips--) flipBit(bytes, below(bytes.length * 8));
      break;
    case 1:
      bytes.fill(random() < 0.5 ? 0 : below(256), at, Math.min(at + length, bytes.length));
      break;
    case 2:
      bytes = bytes.subarray(0, at);
      break;
    case 3:
      bytes = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
      break;
    case 4:
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      break;
    default:
      noise.copy(bytes, at);
  }
  return { file, bytes };
}

function flipBit(bytes: Buffer, bit: number): void {
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
}

/** Of the damaged file, the records whose bytes are all there still, one behind the other. */
function untouched({ bytes, places }: Written["files"][number], damaged: Buffer): number[] {
  const whole: number[] = [];
  let from = 0;
  for (const { sequence, start, end } of places) {
    const at = damaged.indexOf(bytes.subarray(start, end), from);
    if (at === -1) continue;
    whole.push(sequence);
    from = at + end - start;
  }
  return whole;
}

async function put(fileSystem: MemoryFileSystem, path: string, bytes: Buffer): Promise<void> {
  const handle = await fileSystem.open(path, "read-write");
  await handle.truncate(0);
  await handle.write(bytes, 0);
}

async function readBack(written: Written, { file, bytes }: Damage): Promise<string[]> {
  const { fileSystem, directory, files, payloads } = written;
  const damaged = fileSystem.afterKill();
  await put(damaged, files[file]?.path ?? "", bytes);
  const expected = files.flatMap((each, i) =>
    i === file ? untouched(each, bytes) : each.places.map(({ sequence }) => sequence),
  );
  const found: number[] = [];
  const wrong: string[] = [];
  let isReported = false;
  for await (const item of readWal(damaged, directory)) {
    if (item.kind === "damage") isReported = true;
    else {
      found.push(item.sequence);
      if (payloads[item.sequence]?.equals(item.payload) !== true)
        wrong.push(`record ${item.sequence} was never written`);
    }
  }
  if (found.join() !== expected.join()) wrong.push(`found ${found.join()} instead of ${expected.join()}`);
  // A record that was taken out whole shows in the sequence numbers, from which replay counts lost records.
  const hasGap = found.length <= (found.at(-1) ?? -1);
  if (!isReported && !hasGap && found.length < payloads.length && !isCutBetweenRecords(files[file], bytes))
    wrong.push("a loss is not reported");
  return wrong;
}

/** The one loss that nothing can show: whole records at the end. */
function isCutBetweenRecords(file: Written["files"][number] | undefined, damaged: Buffer): boolean {
  const lengths = [0, 8, ...(file?.places ?? []).map(({ end }) => end)];
  return file?.bytes.subarray(0, damaged.length).equals(damaged) === true && lengths.includes(damaged.length);
}

/** The disk of a process that died with some requests acknowledged, one message in each, and none stored. */
async function killedProcess(
  random: () => number,
): Promise<{ disk: MemoryFileSystem; walId: string; requests: number }> {
  const fileSystem = new MemoryFileSystem({ syncsNewDirectories: true });
  const clock = new ManualClock(START_MS);
  const machine = buildMachine({ fileSystem, outside: emptyOutside(), clock, life: 1, maxEntries: 100 });
  await machine.ingester.start();
  const requests = 2 + Math.floor(random() * 6);
  for (let i = 0; i < requests; i++) {
    const block = blockOf([`m${i}`], START_MS);
    await machine.ingester.accept({ projectId: PROJECT, block, receivedAtMs: START_MS, idempotency: null });
  }
  return { disk: fileSystem.afterKill(), walId: machine.walId, requests };
}

describe("a damaged WAL", () => {
  it(
    `loses only what was damaged, ${CORRUPTIONS} times, and says so`,
    { timeout: 60_000 + CORRUPTIONS * 5 },
    async ({ annotate }) => {
      const wrong: string[] = [];
      let damaged = 0;
      for (let wal = 0; damaged < CORRUPTIONS && wrong.length === 0; wal++) {
        const random = seededRandom(SEED + wal);
        const written = await writtenWal(random);
        const last = written.files.at(-1);
        const lastRecord = last?.places.at(-1);
        if (last === undefined || lastRecord === undefined) throw new Error("a WAL without a record");
        const file = written.files.length - 1;
        // Every truncation of the last file, every bit of the last record, and as many at random.
        const planned: Damage[] = Array.from(last.bytes, (_, length) => ({
          file,
          bytes: last.bytes.subarray(0, length),
        }));
        for (let bit = lastRecord.start * 8; bit < lastRecord.end * 8; bit++) {
          const bytes = Buffer.from(last.bytes);
          flipBit(bytes, bit);
          planned.push({ file, bytes });
        }
        planned.push(...Array.from({ length: planned.length }, () => damage(written, random)));
        for (const each of planned) {
          damaged++;
          const found = await readBack(written, each);
          wrong.push(...found.map((text) => `${text} [wal ${SEED + wal}, damage ${planned.indexOf(each)}]`));
        }
      }
      await annotate(JSON.stringify({ seed: SEED, damaged }));
      expect(wrong).toEqual([]);
    },
  );

  it(
    `never keeps a process from starting, ${STARTS} times, nor takes anything from other records`,
    { timeout: 60_000 + STARTS * 50 },
    async ({ annotate }) => {
      const wrong: string[] = [];
      for (let start = 0; start < STARTS && wrong.length === 0; start++) {
        const random = seededRandom(SEED + start);
        const { disk, walId, requests } = await killedProcess(random);
        const files = await describeFiles(disk, `/data/wal/${walId}`);
        const { file, bytes } = damage({ files }, random);
        await put(disk, files[file]?.path ?? "", bytes);
        const sound = files.flatMap((each, i) =>
          i === file ? untouched(each, bytes) : each.places.map(({ sequence }) => sequence),
        );
        const clock = new ManualClock(START_MS + 60_000);
        const machine = buildMachine({ fileSystem: disk, outside: emptyOutside(), clock, life: 2, maxEntries: 100 });
        try {
          await machine.ingester.start();
          const found = await visibleMessages(machine);
          const expected = sound.filter((sequence) => sequence < requests).map((sequence) => `m${sequence}`);
          if ([...found].sort().join() !== expected.sort().join())
            wrong.push(`found ${found.join()} instead of ${expected.join()} [seed ${SEED + start}]`);
        } catch (error) {
          wrong.push(
            `it did not start: ${error instanceof Error ? error.stack : String(error)} [seed ${SEED + start}]`,
          );
        }
      }
      await annotate(JSON.stringify({ seed: SEED, starts: STARTS }));
      expect(wrong).toEqual([]);
    },
  );
});
