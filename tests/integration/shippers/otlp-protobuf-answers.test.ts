import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { expectAnswer } from "#tests/support/protocol-answers.ts";
import { BAD, bodyOf, countOf, GOOD, LIMITED_ENV, sendAs } from "#tests/support/shipper-sending.ts";

const MIB = 1024 * 1024;

let server: ApiServer;
let limited: ApiServer;
let project: TestProject;

beforeAll(async () => {
  [server, limited] = await Promise.all([startApiServer(), startApiServer({ env: LIMITED_ENV })]);
  project = await server.api.createProject("answers");
});

afterAll(() => Promise.all([server.close(), limited.close()]));

describe("OTLP in protobuf", () => {
  const name = "otlp protobuf";

  /** google.rpc.Status{1 code, 2 message}: codes here are small. */
  async function expectStatus(answer: Response, httpStatus: number, code: number): Promise<void> {
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, answer.headers.get("content-type")]).toEqual([httpStatus, "application/x-protobuf"]);
    expect([...bytes.subarray(0, 3)]).toEqual([0x08, code, 0x12]);
    expect(bytes.subarray(4).toString()).toMatch(/^[\x20-\x7e]+$/);
    if (httpStatus === 429 || httpStatus === 503) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }

  test("is answered in protobuf", async () => {
    const whole = bodyOf(name, [GOOD]);
    for (const body of [whole, Buffer.alloc(0)]) {
      const answer = await sendAs(server, name, project.key, body);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-protobuf"]);
      expect((await answer.arrayBuffer()).byteLength).toBe(0);
    }
    await expectStatus(await sendAs(server, name, "", whole), 401, 16);
    await expectStatus(await sendAs(server, name, "akl_wrong", whole), 401, 16);
    await expectStatus(await sendAs(server, name, project.key, whole.subarray(0, -4)), 400, 3);
    const bomb = gzipSync(Buffer.alloc(65 * MIB));
    await expectStatus(await sendAs(server, name, project.key, bomb, { "content-encoding": "gzip" }), 413, 3);
    const { key: limitedKey } = await limited.api.createProject("limited");
    const first = await sendAs(limited, name, limitedKey, whole);
    expect(first.status).toBe(200);
    await expectStatus(await sendAs(limited, name, limitedKey, whole), 429, 8);
    const other = await limited.api.createProject("busy");
    await expectStatus(await sendAs(limited, name, other.key, Buffer.alloc(2 * MIB)), 503, 14);
  });

  test("says with 200 which records it refused, so that none comes again", async () => {
    const { key } = await server.api.createProject("partial");
    const answer = await sendAs(server, name, key, bodyOf(name, [GOOD, BAD]));
    const bytes = Buffer.from(await answer.arrayBuffer());
    // ExportLogsServiceResponse{1 partial_success{1 rejected, 2 message}}
    expect([answer.status, bytes[0], bytes[2], bytes[3], bytes[4]]).toEqual([200, 0x0a, 0x08, 1, 0x12]);
    expect(bytes.toString()).toContain("record 1: timestamp lies");
    expect([await countOf(server, key, "good"), await countOf(server, key, "bad")]).toEqual([1, 0]);
  });

  test("of another type is a 415 in protobuf", async () => {
    const answer = await sendAs(server, name, project.key, bodyOf(name, [GOOD]), { "content-type": "text/plain" });
    await expectAnswer(answer, [415]);
  });
});
