import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { AkavelogError } from "#app/core/errors.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { printQuery } from "#app/core/query/print-query.ts";
import { buildTier0 } from "#app/server/ingest/build-tier0.ts";
import { mergeParts } from "#app/server/ingest/merge-parts.ts";
import { decodeTier0Header, decompressBlock } from "#app/server/ingest/tier0-format.ts";
import { decodePayload, encodeEntries, encodeSeal } from "#app/server/ingest/wal-payload.ts";
import { compileSql } from "#app/server/search/compile-sql.ts";
import { decodeCursor, encodeCursor } from "#app/server/search/cursor.ts";
import { decodeTail } from "#app/server/search/tier1-format.ts";
import { blockOf } from "#tests/support/crash-model.ts";
import { MemoryFileSystem } from "#tests/support/memory-file-system.ts";
import { turnNowAndThen } from "#tests/support/turn-now-and-then.ts";
import { mutateBody, type MutationOptions } from "#tests/support/mutate-body.ts";
import { searchEntries } from "#tests/support/search-entries.ts";
import { buildSimulatedTier1 } from "#tests/support/simulated-tier1.ts";

/** 20,000 of each in CI; more with FUZZ_INPUTS. `decoders.fuzz.test.ts` does the same to what senders send. */
const INPUTS = Number(process.env["FUZZ_INPUTS"] ?? 20_000);
const TIMEOUT_MS = 60_000 + INPUTS * 10;
/** The first input's number; a run with another sees other inputs. */
const FROM = Number(process.env["FUZZ_FROM"] ?? 0);
/** What grows faster than its input takes far longer than the garbage collector. */
const MAX_MS = 100;
const NOW_MS = Date.UTC(2026, 0, 2);
const PROJECT = "00000000-0000-4000-8000-00000000000a";
const WAL = "00000000-0000-7000-8000-00000000000b";

const BINARY = {
  mostSeeds: 1,
  separators: [""],
  pieces: ["\0", "\xff\xff\xff\xff", "AKVO", "AKVD", "PAR1", "(\xb5/\xfd"],
};

interface Outcome {
  /** Whether it was taken for sound; the rest was refused as it should be. */
  isTaken: boolean;
}

/** fuzz gives every mutation to `read`, which may refuse it with an AkavelogError and nothing else. */
async function fuzz(options: MutationOptions, read: (body: Buffer) => Outcome | Promise<Outcome>): Promise<number> {
  let taken = 0;
  for (let number = 0; number < INPUTS; number++) {
    await turnNowAndThen(number);
    const body = mutateBody(FROM + number, options);
    const usedBefore = process.cpuUsage();
    try {
      if ((await read(body)).isTaken) taken++;
    } catch (error) {
      if (!(error instanceof AkavelogError))
        throw new Error(`input ${number}: ${JSON.stringify(body.toString("latin1"))}`, { cause: error });
    }
    const { user, system } = process.cpuUsage(usedBefore);
    const usedMs = (user + system) / 1000;
    if (usedMs > MAX_MS && number > 10)
      throw new Error(`input ${number} took ${usedMs} ms: ${body.toString("base64")}`);
  }
  return taken;
}

const QUERIES = [
  'level:error service:"check out" (timeout OR "connection refused") -healthz',
  "status:>=500 AND NOT path:/api/* duration:[10 TO 20]",
  "message:/time(d )?out\\s+[0-9]{3}/ user.id:42 a*b",
  "_exists_:trace_id NOT (a AND (b OR c)) -d",
  'tags.host:"web 1" level:(warn OR error) "quoted \\" text"',
];
const QUERY_PIECES = [
  "(",
  ")",
  '"',
  "\\",
  ":",
  "*",
  "/",
  "[",
  "]",
  " TO ",
  " OR ",
  " AND ",
  " NOT ",
  "-",
  ">",
  "<=",
  "{",
  "}",
  "~",
  "^",
  "\0",
  "\ud800",
  "😀",
  "(".repeat(200),
  "(a OR ".repeat(50),
  "/(a+)+$/",
  "/[/",
  "1e999",
  "a".repeat(300),
];
const ENTRIES = [
  {
    service: "check out",
    level: "error" as const,
    message: "connection refused (timeout)",
    tags: [["status", "503"]] as [string, string][],
  },
  { service: "web", level: "unknown" as const, message: "", tags: [] },
];

test(
  `queries: ${INPUTS} mutated ones are refused with a place, or found and printed the same`,
  { timeout: TIMEOUT_MS },
  async () => {
    const options = { seeds: QUERIES, mostSeeds: 2, separators: [" ", "", " OR "], pieces: QUERY_PIECES };
    let parsedCount = 0;
    const taken = await fuzz(options, (body) => {
      const text = body.toString("utf8");
      const predicate = parseQuery(text);
      if (predicate instanceof InvalidQueryError) {
        if (!(predicate.position >= 0 && predicate.position <= text.length)) throw new Error("the place is outside");
        return { isTaken: false };
      }
      compileSql(predicate, ["status"]);
      if (parsedCount++ % 4 === 0) {
        searchEntries(predicate, ENTRIES);
        const printed = printQuery(predicate);
        const again = parseQuery(printed);
        if (again instanceof Error || printQuery(again) !== printed) throw new Error(`printed as ${printed}`);
      }
      return { isTaken: true };
    });
    expect(taken).toBeGreaterThan(INPUTS / 20);
    expect(INPUTS - taken).toBeGreaterThan(INPUTS / 20);
  },
);

function tier0(batchNo: number) {
  const block = blockOf(["first", "second, somewhat longer", "é😀"], NOW_MS);
  const part = { sequence: 0, block, from: 0, to: block.count };
  return buildTier0(mergeParts({ projectId: PROJECT, walId: WAL, batchNo, receivedAtMs: NOW_MS, parts: [part] }));
}

test(
  `objects of tier 0: ${INPUTS} mutated ones are refused, or are what was written`,
  { timeout: TIMEOUT_MS },
  async () => {
    const seeds = [tier0(0).bytes, tier0(7).bytes];
    const lines = new Set(seeds.map((object) => linesOf(object)));
    const taken = await fuzz({ ...BINARY, seeds }, (body) => {
      // Whatever the one before was: a decoder that damage has put out of order would refuse this too.
      const isInOrder = lines.has(linesOf(seeds[0] as Buffer));
      if (!isInOrder) throw new Error("a sound one is refused");
      // A flipped bit in the size of a header can only hide blocks; their lines are what must never change.
      return { isTaken: lines.has(linesOf(body)) };
    });
    expect(taken).toBeGreaterThan(0);
  },
);

function linesOf(object: Buffer): string {
  const { header, blocksStart } = decodeTier0Header(object, "fuzzed");
  let start = blocksStart;
  return header.blocks
    .map((block) => {
      const lines = decompressBlock(object, start, block, "fuzzed").toString();
      start += block.bytes;
      return lines;
    })
    .join("");
}

test(
  `tails of tier 1: ${INPUTS} mutated ones are refused, or describe what was written`,
  { timeout: TIMEOUT_MS },
  async () => {
    const fileSystem = new MemoryFileSystem();
    await fileSystem.makeDirectory("/d");
    const handle = await fileSystem.open("/d/a.ndjson.zst", "create");
    await handle.write(tier0(0).bytes, 0);
    const input = { projectId: PROJECT, generation: 1, files: ["/d/a.ndjson.zst"], directory: "/d" };
    const built = await buildSimulatedTier1(fileSystem, input);
    const object = await fileSystem.readFile(built.path);
    const sound = digest(decodeTail(object, "sound"));
    const taken = await fuzz({ ...BINARY, seeds: [object, object.subarray(built.tailStart)] }, (body) => {
      // Whatever the one before was: a decoder that damage has put out of order would refuse this too.
      if (digest(decodeTail(object, "sound")) !== sound) throw new Error("a sound one is refused");
      if (digest(decodeTail(body, "fuzzed")) !== sound) throw new Error("it describes something else");
      return { isTaken: true };
    });
    expect(taken).toBeGreaterThan(0);
  },
);

function digest(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  return createHash("sha256").update(text).digest("hex");
}

test(`payloads of WAL records: ${INPUTS} mutated ones never hang and never grow`, { timeout: TIMEOUT_MS }, async () => {
  const block = blockOf(["first", "second"], NOW_MS);
  const idempotency = { key: "k", claimId: "c", digest: "d", answer: "{}" };
  const seal = { type: "seal" as const, projectId: PROJECT, batchNo: 1, objectKey: "k", sha256: "s", entries: 2 };
  const seeds = [
    Buffer.concat(encodeEntries(PROJECT, NOW_MS, block, null)),
    Buffer.concat(encodeEntries(PROJECT, NOW_MS, block, idempotency)),
    Buffer.concat(encodeSeal({ ...seal, ranges: [[0, 0, 2]] })),
  ];
  // Damage never gets here, since the checksum covers the payload: what does is a record of another version.
  const taken = await fuzz({ ...BINARY, seeds }, (body) => {
    try {
      const record = decodePayload(body);
      return { isTaken: record.type === "seal" || record.lines.length <= body.length };
    } catch {
      return { isTaken: false };
    }
  });
  expect(taken).toBeGreaterThan(INPUTS / 20);
});

test(`cursors: ${INPUTS} mutated ones are ours or null`, { timeout: TIMEOUT_MS }, async () => {
  const cursor = { fromNs: 1n, toNs: 2n ** 62n, queryHash: "abc", timestampNs: 7n, id: `${WAL}-1-2`, walId: WAL };
  const seeds = [encodeCursor(cursor), JSON.stringify([1, "1", "2", "h", "3", "i", "w"])];
  const taken = await fuzz(
    { seeds, mostSeeds: 1, separators: [""], pieces: ["=", "-", "_", '"', ",", "9".repeat(30)] },
    (body) => {
      const decoded = decodeCursor(body.toString("latin1"));
      return { isTaken: decoded !== null && decoded.timestampNs < 2n ** 63n };
    },
  );
  expect(taken).toBeGreaterThan(0);
});
