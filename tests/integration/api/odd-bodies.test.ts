import { gzipSync, deflateSync } from "node:zlib";
import { compress } from "zstd-napi";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IngestAnswer, TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { peakResidentBytes } from "#tests/support/server-process.ts";

const MIB = 1024 * 1024;
let server: ApiServer;
let project: TestProject;

beforeAll(async () => {
  server = await startApiServer();
  project = await server.api.createProject("bodies");
});

afterAll(() => server.close());

async function statusOf(body: string | Uint8Array, encoding?: string): Promise<number> {
  const answer = await server.api.ingest(project.key, body, encoding === undefined ? {} : { encoding });
  await answer.arrayBuffer();
  return answer.status;
}

const GOOD = '{"message":"m"}';
const NOTHING = { accepted: 0, rejected: 0, errors: [] };

test.each(["", "\n\n \r\n\t", "[]", "[ ]\n[]", "\ufeff"])("%j holds no record: 202 with 0", async (body) => {
  const answer = await server.api.ingest(project.key, body);
  expect(answer.status).toBe(202);
  expect(await answer.json()).toEqual(NOTHING);
  const waited = await server.api.ingest(project.key, body, { wait: true });
  expect(waited.status).toBe(200);
  expect(await waited.json()).toMatchObject({ ...NOTHING, batches: [] });
});

/** Body, status, accepted, and the indexes that are refused. */
const BODIES: [name: string, body: string, status: number, accepted: number, refused: number[]][] = [
  ["blank lines are not counted", `\n\n${GOOD}\n\n\n"x"\n \n${GOOD}\r\n\r\n7\n`, 202, 2, [1, 3]],
  ["all refused", '"x"\n7\nnull', 422, 0, [0, 1, 2]],
  ["all refused by a syntax error", "hello", 422, 0, [0]],
  ["concatenated without anything between", `${GOOD}${GOOD}[${GOOD},${GOOD}]${GOOD}`, 202, 5, []],
  ["reading goes on at the next newline", `${GOOD} nonsense ${GOOD}\n${GOOD}`, 202, 2, [1]],
  ["a fault inside an array refuses its rest once", `[${GOOD},{"message":},${GOOD},${GOOD}]\n${GOOD}`, 202, 1, [1]],
  ["an array that ends early", `[${GOOD},${GOOD}`, 202, 2, [2]],
  ["an array with a comma too many", `[${GOOD},]`, 202, 1, [1]],
  ["an array without a comma", `[${GOOD} ${GOOD}]`, 202, 1, [1]],
  ["an array with bad elements", `[1,${GOOD},"x",null,[],${GOOD}]`, 202, 2, [0, 2, 3, 4]],
  ["two arrays", `[${GOOD}]\n[7,${GOOD}]`, 202, 2, [1]],
  ["a byte order mark", `\ufeff${GOOD}`, 202, 1, []],
  ["pretty-printed", `[\n  {\n    "message": "m"\n  },\n  {\n    "message": "m"\n  }\n]\n`, 202, 2, []],
];

test.each(BODIES)("%s", async (_, body, status, accepted, refused) => {
  const answer = await server.api.ingest(project.key, body);
  expect(answer.status).toBe(status);
  const { errors, ...counts } = (await answer.json()) as IngestAnswer;
  expect(errors.map(({ index }) => index)).toEqual(refused);
  expect(counts).toEqual({ accepted, rejected: refused.length });
});

test("only the first hundred refusals are listed, all are counted", async () => {
  const answer = await server.api.ingest(project.key, `${"1\n".repeat(250)}${GOOD}`);
  const { accepted, rejected, errors } = (await answer.json()) as IngestAnswer;
  expect([accepted, rejected, errors.length, errors[99]?.index]).toEqual([1, 250, 100, 99]);
});

test.each([
  ["gzip", gzipSync(GOOD.repeat(1_000))],
  ["deflate", deflateSync(GOOD.repeat(1_000))],
  ["zstd", compress(Buffer.from(GOOD.repeat(1_000)), { checksumFlag: true })],
])("%s that is cut or damaged is a 400, wherever it is cut", async (encoding, whole) => {
  for (const length of [1, 5, 12, whole.length >> 1, whole.length - 1]) {
    expect([length, await statusOf(whole.subarray(0, length), encoding)]).toEqual([length, 400]);
  }
  expect(await statusOf(Buffer.from("not compressed at all"), encoding)).toBe(400);
  const damaged = Buffer.from(whole);
  damaged[whole.length >> 1] = (damaged[whole.length >> 1] as number) ^ 0xff;
  expect(await statusOf(damaged, encoding)).toBe(400);
  expect(await statusOf(whole, encoding)).toBe(202);
});

test.each(["br", "compress", "gzip, gzip", "zstandard"])("Content-Encoding %s is a 415", async (encoding) => {
  expect(await statusOf(GOOD, encoding)).toBe(415);
});

test("several gzip members or zstd frames one after another are one body", async () => {
  for (const [encoding, piece] of [
    ["gzip", gzipSync(`${GOOD}\n`)],
    ["zstd", compress(Buffer.from(`${GOOD}\n`))],
  ] as const) {
    const answer = await server.api.ingest(project.key, Buffer.concat([piece, piece, piece]), { encoding });
    expect(await answer.json()).toMatchObject({ accepted: 3 });
  }
});

/** NDJSON of exactly this many bytes, in lines of 64 KiB. */
function ndjsonOf(bytes: number): Buffer {
  const line = `{"timestamp":"2026-01-01T00:00:00.000Z","message":"${"x".repeat(65_536 - 54)}"}\n`;
  return Buffer.concat([
    Buffer.from(line.repeat(Math.floor(bytes / line.length))),
    Buffer.alloc(bytes % line.length, 32),
  ]);
}

test("64 MiB after decompression is accepted, one byte more is a 413, in each encoding", async () => {
  const whole = ndjsonOf(64 * MIB);
  const answer = await server.api.ingest(project.key, compress(whole), { encoding: "zstd" });
  expect(answer.status).toBe(202);
  expect(((await answer.json()) as IngestAnswer).rejected).toBe(0);
  const more = Buffer.concat([whole, Buffer.from("\n")]);
  expect(await statusOf(compress(more), "zstd")).toBe(413);
  expect(await statusOf(gzipSync(more, { level: 1 }), "gzip")).toBe(413);
  expect(await statusOf(ndjsonOf(65 * MIB))).toBe(413);
});

test("more than 10 MiB of compressed bytes is a 413", async () => {
  expect(await statusOf(Buffer.alloc(10 * MIB + 1, 1), "gzip")).toBe(413);
});

test("1 GiB of zeros in some kilobytes is a 413 and costs no more than its limit", async () => {
  const pid = server.process().child.pid as number;
  const zeros = Buffer.alloc(64 * MIB);
  const frame = compress(zeros);
  const member = gzipSync(zeros, { level: 9 });
  const bombs = {
    zstd: Buffer.concat(Array<Buffer>(16).fill(frame)),
    gzip: Buffer.concat(Array<Buffer>(16).fill(member)),
  };
  const before = peakResidentBytes(pid);
  for (const [encoding, bomb] of Object.entries(bombs)) {
    const answers = await Promise.all([1, 2, 3, 4].map(() => statusOf(bomb, encoding)));
    expect(answers.every((status) => status === 413 || status === 503)).toBe(true);
    expect(answers).toContain(413);
  }
  expect((peakResidentBytes(pid) - before) / MIB).toBeLessThan(400);
});

test("every method but POST is a 405 that names POST", async () => {
  for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
    const answer = await server.api.call("/ingest", { method, key: project.key });
    expect([method, answer.status]).toEqual([method, 405]);
    expect(answer.headers.get("allow")).toContain("POST");
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
  }
});

test("after all that the server takes and finds a line as before", async () => {
  const { key } = await server.api.createProject("afterwards");
  await server.api.commit(key, GOOD);
  expect((await server.api.query(key)).entries).toHaveLength(1);
});
