import { expect, test } from "vitest";
import { z } from "zod";
import { readJson } from "#app/server/http/read-json.ts";

const schema = z.strictObject({ limit: z.int().optional() });

function post(body: string, headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/query", { method: "POST", body, headers });
}

async function statusOf(request: Request): Promise<number> {
  return await readJson(request, schema).then(
    () => 200,
    (answer: unknown) => (answer as Response).status,
  );
}

test("an empty body is {}, whatever the content type says", async () => {
  expect(await readJson(post(" \n"), schema)).toEqual({});
  expect(await readJson(post('{"limit":1}', { "content-type": "image/png" }), schema)).toEqual({ limit: 1 });
});

test("a body is refused for what it is: no JSON, unfit, too large, compressed", async () => {
  expect(await statusOf(post("{"))).toBe(400);
  expect(await statusOf(post('{"limit":"1"}'))).toBe(400);
  expect(await statusOf(post(" ".repeat(256 * 1024 + 1)))).toBe(413);
  for (const encoding of ["gzip", "br", "identity, gzip"])
    expect(await statusOf(post("{}", { "content-encoding": encoding }))).toBe(415);
  for (const encoding of ["", "identity", "Identity"])
    expect(await statusOf(post("{}", { "content-encoding": encoding }))).toBe(200);
});
