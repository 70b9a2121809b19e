import { expect, test } from "vitest";
import { problem } from "#app/server/http/problem.ts";

test("a problem is a document of its own type with the members of RFC 9457", async () => {
  const answer = problem({
    status: 400,
    title: "Bad query",
    detail: "Expected a word.",
    type: "/problems/query",
    headers: { "retry-after": "1" },
    extra: { position: 7, status: "not this" },
  });
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await answer.json()).toEqual({
    type: "/problems/query",
    title: "Bad query",
    status: 400,
    detail: "Expected a word.",
    position: 7,
  });
});

test("a problem without a type of its own is about:blank and names no detail", async () => {
  expect(await problem({ status: 404, title: "Not Found" }).json()).toEqual({
    type: "about:blank",
    title: "Not Found",
    status: 404,
  });
});
