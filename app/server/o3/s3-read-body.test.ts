import { describe, expect, it } from "vitest";
import { readBody } from "#app/server/o3/s3-read-body.ts";

const OBJECT = Buffer.from("0123456789");

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
  for (const piece of text.match(/.{1,3}/g) ?? []) yield Buffer.from(piece);
}

const read = (
  body: string,
  headers: { contentLength?: number; contentRange?: string },
  range?: { start: number; end: number },
) =>
  readBody(inPieces(body), {
    key: "k",
    contentLength: headers.contentLength,
    contentRange: headers.contentRange,
    range,
  }).then(String);

describe("readBody", () => {
  it("joins the pieces of a whole object, with or without a length", async () => {
    expect(await read("0123456789", { contentLength: 10 })).toBe("0123456789");
    expect(await read("0123456789", {})).toBe("0123456789");
    expect(await read("", { contentLength: 0 })).toBe("");
  });

  it.each(["012345678", "01234567890", ""])("refuses the body %j where ten bytes were promised", async (body) => {
    await expect(read(body, { contentLength: 10 })).rejects.toMatchObject({ retryable: true });
  });

  it("takes what the store sent of a range", async () => {
    const range = { start: 2, end: 5 };
    expect(await read("234", { contentLength: 3, contentRange: "bytes 2-4/10" }, range)).toBe("234");
    expect(await read("234", { contentRange: "bytes 2-4/10" }, range)).toBe("234");
  });

  it("cuts the range out of a whole object and out of a larger range", async () => {
    expect(await read(String(OBJECT), { contentLength: 10 }, { start: 2, end: 5 })).toBe("234");
    expect(await read("123456", { contentLength: 6, contentRange: "bytes 1-6/10" }, { start: 2, end: 5 })).toBe("234");
    expect(await read("89", { contentLength: 2, contentRange: "bytes 8-9/10" }, { start: 8, end: 50 })).toBe("89");
  });

  it.each([
    ["one byte less", "23", "bytes 2-4/10"],
    ["another range", "567", "bytes 5-7/10"],
    ["an earlier range that ends too soon", "012", "bytes 0-2/10"],
  ])("refuses %s than was asked for", async (_, body, contentRange) => {
    const promised = { contentLength: body.length, contentRange };
    await expect(read(body, promised, { start: 2, end: 5 })).rejects.toMatchObject({ retryable: true });
  });

  it("says for good that a range lies behind the end of an object sent whole", async () => {
    await expect(read("0123456789", { contentLength: 10 }, { start: 10, end: 12 })).rejects.toMatchObject({
      retryable: false,
    });
  });
});
