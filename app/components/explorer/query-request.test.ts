import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { curlOf, exportAddress, tailAddress } from "#app/components/explorer/query-request.ts";

const range = { from: "now-1h", to: "now" };

describe("the command that asks the API the same", () => {
  it("gives curl the query whatever is in it", () => {
    const query = fc.string({ unit: "grapheme" }).map((text) => text.toWellFormed().replaceAll("\0", ""));
    fc.assert(
      fc.property(query, (text) => {
        const command = curlOf("http://127.0.0.1:3000", { query: text, range, order: "desc" });
        const shown = execFileSync("sh", ["-c", `curl() { printf '%s\\0' "$@"; }; KEY=k; ${command}`], {
          encoding: "utf8",
        });
        const words = shown.split("\0");
        expect(words.slice(0, 2)).toEqual(["-s", "http://127.0.0.1:3000/query"]);
        expect((JSON.parse(words[7] ?? "") as { query?: string }).query ?? "").toBe(text);
      }),
      { numRuns: 40 },
    );
  });
});

it("exports and follows what is asked", () => {
  expect(exportAddress("shop", { query: "a&b", range, order: "asc" }, "csv")).toBe(
    "/export?project=shop&from=now-1h&to=now&order=asc&format=csv&query=a%26b",
  );
  expect(tailAddress("shop", "")).toBe("/tail?project=shop");
});
