import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { AppLoadContext } from "@remix-run/server-runtime";
import { afterEach, describe, expect, test } from "vitest";
import { LINGER_MS } from "#app/server/http/request-body-limits.ts";
import { rawRequest, readUntilClose, serve, type Served } from "#tests/integration/http/serve.ts";

const MIB = 1024 * 1024;

let served: Served;
afterEach(() => served.close());

const readers = {
  "/query": (request: Request) => request.body!,
  "/ingest": (_request: Request, context: AppLoadContext) => context.nodeRequest,
};

for (const [path, bodyOf] of Object.entries(readers)) {
  describe(`an upload to ${path}`, () => {
    for (const pace of ["a quick", "a slow"]) {
      test(`of 64 MiB arrives byte for byte at ${pace} reader`, async () => {
        served = await serve(async (request, context) => {
          const hash = createHash("sha256");
          let size = 0;
          // The body has to wait while the handler does something else first.
          await sleep(30);
          for await (const chunk of bodyOf(request, context) as AsyncIterable<Uint8Array>) {
            hash.update(chunk);
            size += chunk.length;
            if (pace === "a slow" && size % 7 === 0) await sleep(1);
          }
          return Response.json({ size, sha256: hash.digest("hex") });
        });
        const body = randomBytes(64 * MIB);
        const answer = await fetch(served.url + path, { method: "POST", body });
        expect(await answer.json()).toEqual({
          size: body.length,
          sha256: createHash("sha256").update(body).digest("hex"),
        });
      });
    }
  });
}

test("a route that reads the Node request gets a Request without a body", async () => {
  const bodies: Record<string, boolean> = {};
  served = await serve(async (request) => {
    bodies[new URL(request.url).pathname] = request.body !== null;
    return new Response();
  });
  for (const path of ["/ingest", "/ingest/", "/ingest.data", "/ingested", "/query"]) {
    await fetch(served.url + path, { method: "POST", body: "x" });
  }
  expect(bodies).toEqual({
    "/ingest": false,
    "/ingest/": false,
    "/ingest.data": false,
    "/ingested": true,
    "/query": true,
  });
});

test("a body that nobody reads is held back, not collected in memory", async () => {
  served = await serve(async () => {
    await sleep(400);
    return new Response("late");
  });
  const upload = httpRequest(`${served.url}/query`, { method: "POST" });
  upload.on("error", () => undefined);
  const sent = 64 * MIB;
  for (let written = 0; written < sent; written += MIB) upload.write(Buffer.alloc(MIB));
  await sleep(300);
  // What left the sender is bounded by the kernel's buffers and one chunk read ahead.
  expect(upload.writableLength).toBeGreaterThan(sent - 16 * MIB);
  upload.destroy();
});

describe("an answer before the end of the body", () => {
  const waysToRead = {
    "nothing of it": async () => undefined,
    "a part of the Request": async (request: Request) => {
      const reader = request.body!.getReader();
      await reader.read();
      await reader.cancel();
    },
    "a part of the Node request": async (_request: Request, context: AppLoadContext) => {
      for await (const _chunk of context.nodeRequest.iterator({ destroyOnReturn: false })) break;
    },
  };

  for (const [way, read] of Object.entries(waysToRead)) {
    test(`by a reader of ${way} arrives, and the connection carries the next request`, async () => {
      served = await serve(async (request, context) => {
        if (request.method === "GET") return new Response("next");
        await read(request, context);
        return new Response("too large", { status: 413 });
      });
      const path = way.includes("Node") ? "/ingest" : "/query";
      const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${4 * MIB}\r\n\r\n`;
      const client = await rawRequest(served.port, head);
      client.write(Buffer.alloc(4 * MIB));
      client.write("GET /next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
      const text = await readUntilClose(client);
      expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*too largeHTTP\/1\.1 200 OK[\s\S]*next$/);
    });
  }

  test("is followed by the end of a connection whose client goes on sending", async () => {
    served = await serve(async () => new Response("no", { status: 401 }));
    const head = `POST /query HTTP/1.1\r\nhost: x\r\ncontent-length: ${1024 * MIB}\r\n\r\n`;
    const client = await rawRequest(served.port, head);
    const drip = setInterval(() => client.write("x"), 100);
    const startedAt = Date.now();
    const text = await readUntilClose(client).catch(() => "");
    clearInterval(drip);
    expect(text).toContain("401");
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(LINGER_MS - 100);
  });
});

test("a client that hangs up half-way ends the reader with an error and harms nobody else", async () => {
  const outcomes: string[] = [];
  served = await serve(async (request) => {
    await request.arrayBuffer().then(
      () => outcomes.push("whole"),
      () => outcomes.push("cut"),
    );
    return new Response("ok");
  });
  const client = await rawRequest(served.port, "POST /query HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf");
  await sleep(50);
  client.resetAndDestroy();
  await sleep(50);
  expect(outcomes).toEqual(["cut"]);
  expect((await fetch(`${served.url}/query`, { method: "POST", body: "x" })).status).toBe(200);
});

describe("Expect: 100-continue", () => {
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n`;

  for (const [path, bodyOf] of Object.entries(readers)) {
    test(`asks for the body when ${path} starts to read it`, async () => {
      served = await serve(async (request, context) => {
        let text = "";
        for await (const chunk of bodyOf(request, context) as AsyncIterable<Uint8Array>) {
          text += Buffer.from(chunk).toString();
        }
        return new Response(`got ${text}`);
      });
      const client = await rawRequest(served.port, head(path));
      const answer = readUntilClose(client);
      await sleep(50);
      client.write("hello");
      const text = await answer;
      expect(text.startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")).toBe(true);
      expect(text).toContain("got hello");
    });
  }

  test("is not answered with 100 when the request is refused unread, and the connection ends", async () => {
    served = await serve(async () => new Response("no", { status: 401 }));
    const client = await rawRequest(served.port, head("/ingest").replace("connection: close\r\n", ""));
    const text = await readUntilClose(client);
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text.toLowerCase()).toContain("connection: close");
    expect(text).not.toContain("100 Continue");
  });
});
