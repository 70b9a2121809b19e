import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { rawRequest, readUntilClose, serve, type Served } from "#tests/integration/http/serve.ts";

let served: Served;
afterEach(() => served.close());

const ok = async () => new Response("ok");

describe("x-request-id", () => {
  test("is on every answer, whoever gives it", async () => {
    served = await serve(async (request) => {
      if (request.url.endsWith("/throws")) throw new Error("unexpected");
      return new Response("ok");
    });
    const answers = await Promise.all([
      fetch(`${served.url}/fine`),
      fetch(`${served.url}/throws`),
      fetch(`${served.url}/%E0%A4%A`),
      fetch(`${served.url}/`, { headers: { authorization: "Basic x" } }),
      fetch(`${served.url}/x`, { method: "PROPFIND" }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 500, 400, 200, 405]);
    const ids = answers.map((answer) => answer.headers.get("x-request-id"));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[\w.-]{1,128}$/);
    const unexpected = await rawRequest(served.port, "GET /x HTTP/1.1\r\nhost: x\r\nexpect: a-miracle\r\n\r\n");
    const unfulfilled = await readUntilClose(unexpected);
    expect(unfulfilled).toMatch(/^HTTP\/1\.1 417 Expectation Failed\r\nx-request-id: [\w.-]+/);
    expect(unfulfilled).toContain("application/problem+json");
    const notHttp = await readUntilClose(await rawRequest(served.port, "NOT HTTP\r\n\r\n"));
    expect(notHttp).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(notHttp).toMatch(/x-request-id: [\w.-]+/);
  });

  test.each([
    ["abc-1.2_3", true],
    ["a".repeat(128), true],
    ["a".repeat(129), false],
    ["with space", false],
    ["semi;colon", false],
    ["", false],
  ])("takes over %j: %s", async (id, isTaken) => {
    served = await serve(ok);
    const answer = await fetch(`${served.url}/x`, { headers: { "x-request-id": id } });
    expect(answer.headers.get("x-request-id") === id).toBe(isTaken);
  });
});

describe("an unexpected error", () => {
  test("is a 500 problem that tells only the request id, and is logged once with it", async () => {
    served = await serve(async () => {
      throw new Error("secret internals");
    });
    const answer = await fetch(`${served.url}/x`);
    expect(answer.status).toBe(500);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const text = await answer.text();
    expect(text).not.toMatch(/secret|at .*\.ts/);
    const requestId = answer.headers.get("x-request-id");
    expect(JSON.parse(text)).toMatchObject({ type: "about:blank", status: 500, requestId });
    expect(served.logged).toHaveLength(1);
    expect(served.logged[0]).toMatchObject({ requestId, err: { message: "secret internals" } });
  });
});

describe("an address", () => {
  test.each(["/%E0%A4%A", "/%", "/a%00b", "/assets/%zz"])("%s is malformed: 400, no stack", async (target) => {
    served = await serve(ok, { clientDirectory: "/nonexistent" });
    const answer = await fetch(served.url + target);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.text()).not.toMatch(/Error|\.ts|node_modules/);
  });

  test.each([
    ["//evil.example/x", "//evil.example/x"],
    ["http://other.example/abs?q=1", "/abs"],
    ["/a/../b", "/b"],
  ])("%s is taken for the path %s", async (target, pathname) => {
    served = await serve(async (request) => new Response(`path=${new URL(request.url).pathname};`));
    const client = await rawRequest(
      served.port,
      `GET ${target} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\nconnection: close\r\n\r\n`,
    );
    expect(await readUntilClose(client)).toContain(`path=${pathname};`);
  });

  test("with a host that is none is 400", async () => {
    served = await serve(ok);
    const client = await rawRequest(served.port, "GET /x HTTP/1.1\r\nhost: a b<c\r\nconnection: close\r\n\r\n");
    expect(await readUntilClose(client)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each(["GET /", "GET /x", "POST /x"])("without a host is 400, %s too, but not in HTTP/1.0", async (start) => {
    served = await serve(ok);
    const answerTo = async (version: string) =>
      readUntilClose(await rawRequest(served.port, `${start} HTTP/${version}\r\nconnection: close\r\n\r\n`));
    const refused = await answerTo("1.1");
    expect(refused).toMatch(/^HTTP\/1\.1 400 /);
    expect(refused).toMatch(/x-request-id: [\w.-]+/);
    expect(refused).toContain("application/problem+json");
    expect(await answerTo("1.0")).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each(["GET", "POST"])("with two hosts is 400 to %s: a proxy may have gone by the other one", async (method) => {
    served = await serve(ok);
    const client = await rawRequest(
      served.port,
      `${method} /x HTTP/1.1\r\nhost: a\r\nHost: b\r\nconnection: close\r\n\r\n`,
    );
    expect(await readUntilClose(client)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("that is too long is 431 and says what is too long", async () => {
    served = await serve(ok);
    const client = await rawRequest(served.port, `GET /x?${"a".repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`);
    const answer = await readUntilClose(client);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain("The address and the headers together are larger than 16 KiB.");
  });

  test("with _data is refused: it would pick a route past its path", async () => {
    served = await serve(ok);
    expect((await fetch(`${served.url}/x?_data=routes/ingest`)).status).toBe(400);
  });

  test("carries the proxy's scheme and host, and the client's address, only when proxies are trusted", async () => {
    const headers = {
      "x-forwarded-proto": "https",
      "x-forwarded-host": "logs.example",
      "x-forwarded-for": "203.0.113.9",
    };
    for (const [trustProxy, expected] of [
      [true, "https://logs.example 203.0.113.9"],
      [false, "http://127.0.0.1 127.0.0.1"],
    ] as const) {
      served = await serve(
        async (request, context) =>
          new Response(`${new URL(request.url).origin.replace(/:\d+$/, "")} ${context.clientAddress}`),
        { trustProxy },
      );
      expect(await (await fetch(`${served.url}/x`, { headers })).text()).toBe(expected);
      if (trustProxy) await served.close();
    }
  });
});

describe("the writer", () => {
  test("sends a short body in one piece with its length, and every cookie by itself", async () => {
    const headers = new Headers([
      ["set-cookie", "a=1; Path=/"],
      ["set-cookie", "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT"],
    ]);
    served = await serve(async () => new Response("short", { status: 201, headers }));
    const answer = await fetch(`${served.url}/x`);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("content-length")).toBe("5");
    expect(answer.headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT"]);
  });

  test("cancels the body of an answer to HEAD", async () => {
    let cancelled = false;
    served = await serve(
      async () => new Response(new ReadableStream({ cancel: () => void (cancelled = true) }), { status: 200 }),
    );
    expect(await (await fetch(`${served.url}/x`, { method: "HEAD" })).text()).toBe("");
    expect(cancelled).toBe(true);
  });

  test("keeps a connection, but not from a server that stops", async () => {
    const stopping = new AbortController();
    served = await serve(ok, { stopping: stopping.signal });
    expect((await fetch(`${served.url}/x`)).headers.get("connection")).toBe("keep-alive");
    stopping.abort();
    expect((await fetch(`${served.url}/x`)).headers.get("connection")).toBe("close");
  });
});

describe("security headers", () => {
  test("guard HTML with the nonce that the page was given", async () => {
    let nonce = "";
    served = await serve(async (_request, context) => {
      nonce = context.cspNonce;
      return new Response("<p>", { headers: { "content-type": "text/html; charset=utf-8" } });
    });
    const { headers } = await fetch(`${served.url}/x`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain(`script-src 'self' 'nonce-${nonce}'`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("same-origin");
  });

  test("never use a nonce twice", async () => {
    const nonces = new Set<string>();
    served = await serve(async (_request, context) => new Response(nonces.add(context.cspNonce) && "ok"));
    for (let count = 0; count < 20; count += 1) await fetch(`${served.url}/x`);
    expect(nonces.size).toBe(20);
  });
});

describe("the Elasticsearch probe", () => {
  test.each([
    ["GET", {}, true],
    ["HEAD", {}, true],
    ["GET", { accept: "application/json" }, true],
    ["GET", { accept: "text/html", authorization: "Basic eDp5" }, true],
    ["GET", { accept: "text/html,*/*" }, false],
    ["HEAD", { accept: "text/html" }, false],
    ["POST", {}, false],
  ])("%s / with %j is one: %s", async (method, headers, isProbe) => {
    served = await serve(async () => new Response("page"));
    const answer = await fetch(`${served.url}/?pretty`, { method, headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-elastic-product")).toBe(isProbe ? "Elasticsearch" : null);
    const text = await answer.text();
    if (isProbe && method === "GET") {
      expect(JSON.parse(text)).toMatchObject({
        cluster_name: "akavelog",
        version: { number: "8.19.2", build_flavor: "default" },
        tagline: "You Know, for Search",
      });
    }
  });
});

describe("files of the browser build", () => {
  test("are immutable below /assets and looked up again elsewhere", async () => {
    const clientDirectory = await mkdtemp(path.join(tmpdir(), "akavelog-client-"));
    onTestFinished(() => rm(clientDirectory, { recursive: true }));
    await mkdir(path.join(clientDirectory, "assets"));
    await writeFile(path.join(clientDirectory, "assets/app-abc123.js"), "export {}");
    await writeFile(path.join(clientDirectory, "favicon.svg"), "<svg/>");
    served = await serve(async () => new Response("routed", { status: 404 }), { clientDirectory });
    const asset = await fetch(`${served.url}/assets/app-abc123.js`);
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(asset.headers.get("content-type")).toMatch(/javascript/);
    const icon = await fetch(`${served.url}/favicon.svg`);
    expect(icon.headers.get("cache-control")).toBe("public, max-age=3600");
    expect((await fetch(`${served.url}/assets/`)).status).toBe(404);
    expect((await fetch(`${served.url}/assets/..%2f..%2fetc/passwd`)).status).toBe(404);
  });
});

test("an upload that stands still is cut off, a slow reader of an answer is not", async () => {
  served = await serve(async () => {
    await sleep(10);
    return new Response("ok");
  });
  const stalled = new Promise<number | undefined>((resolve) => {
    served.server.once("request", (request) => resolve(request.socket.timeout));
  });
  await rawRequest(served.port, "POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf");
  expect(await stalled).toBe(60_000);
  const whole = new Promise<number | undefined>((resolve) => {
    served.server.once("request", (request) => {
      request.once("end", () => setImmediate(() => resolve(request.socket.timeout)));
    });
  });
  await fetch(`${served.url}/x`, { method: "POST", body: "x" });
  expect(await whole).not.toBe(60_000);
});
