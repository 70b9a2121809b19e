import { describe, expect, it } from "vitest";
import { MAX_MEMBERS, MAX_REQUEST_LINES_BYTES } from "#app/server/ingest/entry-limits.ts";
import { decodeJson } from "#app/server/protocols/json/decode-json.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

function fields(count: number): string {
  return Array.from({ length: count }, (_, i) => `"k${i}":null`).join(",");
}

describe("what a body may swell to", () => {
  it("refuses a record of more fields than any could use, and takes its neighbours", async () => {
    const body = `{"message":"before"}\n{${fields(MAX_MEMBERS + 1)}}\n{"message":"behind"}\n`;
    const { block, errors } = await decodeJson(Buffer.from(body), NOW_MS);
    expect(block.count).toBe(2);
    expect(errors).toEqual([{ index: 1, reason: `more than ${MAX_MEMBERS} fields` }]);
  });

  it("takes a record of just as many fields, and objects in arrays do not count", async () => {
    const objects = Array.from({ length: MAX_MEMBERS }, () => '{"a":1}').join(",");
    const body = `{${fields(MAX_MEMBERS)}}\n{"list":[${objects}]}\n`;
    expect(await decodeJson(Buffer.from(body), NOW_MS)).toMatchObject({ rejected: 0, block: { count: 2 } });
  });

  it("stops a body whose records make many times its size of lines", async () => {
    // Every quote is escaped twice over: in the message, which is the record itself, and in the tag.
    const record = `{"list":[${Array.from({ length: 100_000 }, () => '""').join(",")}]}\n`;
    const lineBytes = (await decodeJson(Buffer.from(record), NOW_MS)).block.bytes.length;
    const records = Math.ceil(MAX_REQUEST_LINES_BYTES / lineBytes) + 1;
    const body = Buffer.from(record.repeat(records));
    expect(lineBytes).toBeGreaterThan(3 * record.length);
    await expect(decodeJson(body, NOW_MS)).rejects.toMatchObject({ code: "BODY_REFUSED", status: 413 });
  });
});
