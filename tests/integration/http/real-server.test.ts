import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawRequest } from "#tests/integration/http/serve.ts";
import { startServer, temporaryDataDirectory, type TestServer } from "#tests/support/server.ts";

/** What the stubbed handler of the other tests cannot show: Remix and the shell together, and the process's end. */
describe("the built server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  }, 120_000);
  afterAll(() => server.kill9());

  test.each([
    ["GET", "*/*"],
    ["POST", "application/json"],
    ["DELETE", ""],
  ])("answers %s of an unknown address with a problem when %j is accepted", async (method, accept) => {
    const answer = await fetch(`${server.url}/no/such/thing`, { method, headers: { accept } });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ status: 404, title: "Not Found" });
    expect(answer.headers.get("x-request-id")).toBeTruthy();
  });

  test("answers a browser at an unknown address with a page", async () => {
    const answer = await fetch(`${server.url}/no/such/thing`, { headers: { accept: "text/html" } });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
    expect(answer.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(await answer.text()).toContain("Page not found");
  });

  test("refuses a method that a page or a resource does not have", async () => {
    for (const [path, allow] of [
      ["/", "GET, HEAD"],
      ["/healthz", "GET, HEAD, OPTIONS"],
    ]) {
      const answer = await fetch(`${server.url}${path}`, { method: "POST", body: "x" });
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toBe(allow);
    }
  });

  test("answers HEAD as GET, without a body", async () => {
    const answer = await fetch(`${server.url}/healthz`, { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("");
  });

  test("ends with 0 within ten seconds of SIGTERM, however often it comes and whatever its clients do", async () => {
    // One that is idle, one that stands still in the middle of its request.
    await fetch(`${server.url}/healthz`);
    await rawRequest(server.port, "POST /ingest HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n[");
    const startedAt = Date.now();
    server.child.kill("SIGTERM");
    await sleep(100);
    expect(await server.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });
});

test("the process is alive for /healthz before it is ready for anything else", async () => {
  const server = await startServer({ readyPath: "/healthz" });
  try {
    const ready = await fetch(`${server.url}/readyz`);
    await ready.arrayBuffer();
    expect([200, 503]).toContain(ready.status);
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: "ok" });
  } finally {
    expect(await server.stop()).toBe(0);
  }
});

test("npm start hands a signal on to the server, which ends with 0", async () => {
  const dataDirectory = await temporaryDataDirectory();
  const npm = spawn("npm", ["start"], {
    env: { ...process.env, PORT: "0", DATA_DIR: dataDirectory },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  npm.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const exited = new Promise<number | null>((resolve) => npm.once("exit", resolve));
  await expect.poll(() => output, { timeout: 30_000 }).toMatch(/ready for logs/);
  npm.kill("SIGTERM");
  expect(await exited).toBe(0);
  await rm(dataDirectory, { recursive: true, force: true });
});
