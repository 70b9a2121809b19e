import type { IncomingMessage } from "node:http";
import type { AppLoadContext } from "@remix-run/server-runtime";
import { describe, expect, test } from "vitest";
import { apiRoute, type ApiRequest } from "#app/server/http/api-route.ts";
import { problem } from "#app/server/http/problem.ts";
import { silentLogger } from "#app/server/system/logger.ts";

function requestOf(method: string): ApiRequest {
  const gone = new AbortController().signal;
  const nodeRequest = { method } as IncomingMessage;
  const known: Partial<AppLoadContext> = { requestId: "r-1", logger: silentLogger, gone, nodeRequest };
  const context = known as AppLoadContext;
  return { request: new Request("http://localhost/thing", { method }), context, params: {} };
}

describe("apiRoute", () => {
  const route = apiRoute({
    GET: () => new Response("read"),
    POST: () => Promise.resolve(new Response("written", { status: 201 })),
  });

  test("calls the handler of the method", async () => {
    expect(await (await route.loader(requestOf("GET"))).text()).toBe("read");
    expect((await route.action(requestOf("POST"))).status).toBe(201);
  });

  test("answers HEAD from GET, and OPTIONS with the methods there are", async () => {
    expect((await route.loader(requestOf("HEAD"))).status).toBe(200);
    const options = await route.loader(requestOf("OPTIONS"));
    expect(options.status).toBe(204);
    expect(options.headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
  });

  test.each(["PUT", "PATCH", "DELETE"])("refuses %s with 405 and Allow", async (method) => {
    const answer = await route.action(requestOf(method));
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  test("has no GET and no HEAD where there is only POST", async () => {
    const postOnly = apiRoute({ POST: () => new Response() });
    expect((await postOnly.loader(requestOf("GET"))).status).toBe(405);
    expect((await postOnly.loader(requestOf("HEAD"))).headers.get("allow")).toBe("POST, OPTIONS");
  });

  test("never throws: errors and thrown responses become answers", async () => {
    const throwing = apiRoute({
      GET: () => {
        throw new Error("boom");
      },
      POST: () => Promise.reject(problem({ status: 409, title: "Conflict" })),
    });
    expect((await throwing.loader(requestOf("GET"))).status).toBe(500);
    expect((await throwing.action(requestOf("POST"))).status).toBe(409);
  });
});
