import { beforeAll, describe, expect, it } from "vitest";
import { WAL_FILE_MAGIC, recordHeader } from "#app/server/ingest/wal-format.ts";
import { readWal, walFiles, type WalItem } from "#app/server/ingest/wal-reader.ts";
import { Wal } from "#app/server/ingest/wal.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";

const DIRECTORY = "/data/wal/a";
const PAYLOADS = ["x", "two", "z".repeat(33), "y".repeat(70), "the last one"].map((text) => Buffer.from(text));

interface Place {
  start: number;
  end: number;
}

let written: Buffer;
let places: Place[];

beforeAll(async () => {
  const fileSystem = await writeWal(PAYLOADS, 1_000_000);
  written = await fileSystem.readFile((await walFiles(fileSystem, DIRECTORY))[0] as string);
  let at = WAL_FILE_MAGIC.length;
  places = PAYLOADS.map(({ length }) => ({ start: at, end: (at += 20 + length) }));
});

async function writeWal(payloads: readonly Buffer[], maxFileBytes: number): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem({ syncsNewDirectories: true });
  const options = { directory: "/data/wal", walId: "a", fileSystem, maxFileBytes, onFailure: () => undefined };
  const wal = await Wal.open(options);
  for (const payload of payloads) await wal.append([payload]);
  await wal.close();
  return fileSystem;
}

async function readFiles(...files: Buffer[]): Promise<WalItem[]> {
  const fileSystem = new MemoryFileSystem();
  await fileSystem.makeDirectory(DIRECTORY);
  for (const [i, bytes] of files.entries()) {
    const handle = await fileSystem.open(`${DIRECTORY}/${String(i).padStart(16, "0")}.wal`, "create");
    await handle.write(bytes, 0);
  }
  const items: WalItem[] = [];
  for await (const item of readWal(fileSystem, DIRECTORY)) items.push(item);
  return items;
}

function sequencesOf(items: readonly WalItem[]): number[] {
  return items.flatMap((item) => (item.kind === "record" ? [item.sequence] : []));
}

/** Every record is one that was written, and the damage is exactly what lies between them. */
function assertSound(items: readonly WalItem[], bytes: Buffer): void {
  let at: number | null = null;
  for (const item of items) {
    if (item.kind === "damage") {
      expect({ start: item.start, isForward: item.end > item.start }).toEqual({
        start: at ?? item.start,
        isForward: true,
      });
      at = item.end;
      continue;
    }
    const place = places[item.sequence] as Place;
    expect(item.payload.equals(PAYLOADS[item.sequence] as Buffer)).toBe(true);
    expect(place.start).toBe(at ?? WAL_FILE_MAGIC.length);
    at = place.end;
  }
  if (items.length > 0) expect(at).toBe(bytes.length);
}

describe("reading a damaged WAL file", () => {
  it("yields, of every truncation, the records that are whole, and calls the rest its tail", async () => {
    for (let length = 0; length <= written.length; length++) {
      const items = await readFiles(written.subarray(0, length));
      const whole = places.filter(({ end }) => end <= length).length;
      expect({ length, sequences: sequencesOf(items) }).toEqual({
        length,
        sequences: PAYLOADS.slice(0, whole).map((_, i) => i),
      });
      const isCut = length > 0 && length !== WAL_FILE_MAGIC.length && !places.some(({ end }) => end === length);
      const damage = items.filter((item) => item.kind === "damage");
      expect({ length, tails: damage.map((item) => item.isTail) }).toEqual({ length, tails: isCut ? [true] : [] });
      assertSound(items, written.subarray(0, length));
    }
  });

  it("loses, to every flipped bit, the one record that it hits and no other", async () => {
    for (let bit = 0; bit < written.length * 8; bit++) {
      const at = bit >> 3;
      const flipped = Buffer.from(written);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (bit & 7)), at);
      const items = await readFiles(flipped);
      const hit = places.findIndex(({ start, end }) => at >= start && at < end);
      const expected = PAYLOADS.map((_, i) => i).filter((i) => i !== hit);
      expect({ bit, sequences: sequencesOf(items) }).toEqual({ bit, sequences: expected });
      const damage = items.filter((item) => item.kind === "damage");
      expect({ bit, reported: damage.length > 0 }).toEqual({ bit, reported: true });
      assertSound(items, flipped);
    }
  });

  it("loses, to every overwritten stretch, the records that it touches and no other", async () => {
    for (let start = WAL_FILE_MAGIC.length; start < written.length; start += 3) {
      for (const length of [1, 20, 64]) {
        for (const filler of [0, 0xff, 0xa1]) {
          const end = Math.min(start + length, written.length);
          const damaged = Buffer.from(written);
          damaged.fill(filler, start, end);
          if (damaged.equals(written)) continue;
          const touched = places.map(
            (place) => !damaged.subarray(place.start, place.end).equals(written.subarray(place.start, place.end)),
          );
          const sequences = sequencesOf(await readFiles(damaged));
          expect({ start, end, filler, sequences }).toEqual({
            start,
            end,
            filler,
            sequences: PAYLOADS.map((_, i) => i).filter((i) => touched[i] === false),
          });
        }
      }
    }
  });

  it("finds nothing in zeros, however many", async () => {
    for (const length of [1, 8, 4096, 2 * 1024 * 1024 + 3]) {
      expect(await readFiles(Buffer.alloc(length))).toMatchObject([
        { kind: "damage", start: 0, end: length, isTail: true },
      ]);
    }
  });

  it("finds the record behind a gap that is larger than what is read at once, wherever its marker lies", async () => {
    const payload = Buffer.from("behind");
    const record = Buffer.concat([recordHeader(7, [payload]), payload]);
    for (let shift = -6; shift <= 6; shift++) {
      const gap = Buffer.alloc(1024 * 1024 + shift, 0x57);
      const items = await readFiles(Buffer.concat([WAL_FILE_MAGIC, gap, record]));
      expect({ shift, sequences: sequencesOf(items) }).toEqual({ shift, sequences: [7] });
    }
  });

  it("calls damage at the end of a file that another follows no tail", async () => {
    const items = await readFiles(written.subarray(0, written.length - 1), Buffer.from(WAL_FILE_MAGIC));
    expect(items.filter((item) => item.kind === "damage").map((item) => item.isTail)).toEqual([false]);
  });

  it("goes on with the next file, whatever became of one", async () => {
    const fileSystem = await writeWal(PAYLOADS, 60);
    const files = await walFiles(fileSystem, DIRECTORY);
    expect(files.length).toBeGreaterThan(2);
    for (const [i, file] of files.entries()) {
      const all = await Promise.all(files.map((each) => fileSystem.readFile(each)));
      const gone = sequencesOf(await readFiles(all[i] as Buffer));
      const size = (await fileSystem.stat(file))?.sizeBytes ?? 0;
      const items = await readFiles(...all.map((bytes, at) => (at === i ? Buffer.alloc(size, 0x20) : bytes)));
      const left = PAYLOADS.map((_, at) => at).filter((at) => !gone.includes(at));
      expect(sequencesOf(items)).toEqual(left);
    }
  });
});
