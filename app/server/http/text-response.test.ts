import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import type { ReadableStream } from "node:stream/web";
import { expect, test } from "vitest";
import { TextResponse } from "#app/server/http/text-response.ts";

const INIT = { status: 202, headers: { "content-type": "application/json", "x-more": "1" } };

test("a text response reads like any other", async () => {
  const response = new TextResponse('{"a":"é"}', INIT);
  expect([response.status, response.ok, response.bodyUsed]).toEqual([202, true, false]);
  response.headers.set("x-more", "2");
  const copy = response.clone();
  expect([copy.status, copy.headers.get("x-more"), await copy.text()]).toEqual([202, "2", '{"a":"é"}']);
  expect(await response.json()).toEqual({ a: "é" });
  expect(response.bodyUsed).toBe(true);
  await expect(response.text()).rejects.toThrow(TypeError);
});

test.each([
  ["bytes", async (response: Response) => Buffer.from(await response.arrayBuffer()).toString()],
  ["a blob", async (response: Response) => await (await response.blob()).text()],
  ["a stream", async (response: Response) => await textOf(Readable.fromWeb(response.body as ReadableStream))],
])("its text is read as %s", async (_, read) => {
  expect(await read(new TextResponse("ä\n", INIT))).toBe("ä\n");
});

test("a form is read from it", async () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  expect((await new TextResponse("a=1", { headers }).formData()).get("a")).toBe("1");
});
