import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExplorerState, printExplorerState, type ExplorerState } from "#app/components/explorer/explorer-state.ts";

const text = fc.string({ unit: "grapheme" }).map((value) => value.toWellFormed());
const query = text.map((value) => value.replace(/[\r\n]+/g, " ").trim());
const range = fc.constantFrom(
  { from: "now-1h", to: "now" },
  { from: "now-7d", to: "now-1d" },
  { from: "2026-01-02T10:00:00.000Z", to: "2026-01-02T11:00:00.000Z" },
);
const column = fc
  .oneof(fc.constantFrom("service", "host", "tags.level", "a,b", "a&b=c"), text)
  .filter((label) => label !== "" && label !== "tags." && label !== "message");
const state: fc.Arbitrary<ExplorerState> = fc.record({
  query,
  range,
  columns: fc.uniqueArray(column, { maxLength: 20 }),
  isWrapped: fc.boolean(),
  order: fc.constantFrom("desc", "asc"),
  isLive: fc.boolean(),
  zone: fc.constantFrom("local", "utc"),
  row: fc.option(fc.record({ id: text.filter((id) => id !== ""), timestamp: text })),
});

describe("the address of the explorer", () => {
  it("carries its whole state", () => {
    fc.assert(
      fc.property(state, (one) => {
        const address = printExplorerState(one).toString();
        expect(parseExplorerState(new URLSearchParams(address))).toEqual(one);
      }),
    );
  });

  it("is empty for the usual state", () => {
    expect(printExplorerState(parseExplorerState(new URLSearchParams())).toString()).toBe("");
  });

  it.each([
    ["service=web&level=error", "service:web level:error"],
    ["level=warning&level=fatal&query=timeout", "timeout level:(warn OR fatal)"],
    ["tags.host=n1&query=a%20OR%20b", "(a OR b) host:n1"],
    ["keyword=imed%20o", "*imed\\ o*"],
  ])("may have conditions beside the query: %s", (address, expected) => {
    expect(parseExplorerState(new URLSearchParams(address)).query).toBe(expected);
  });

  it("forgets a range that is no time", () => {
    expect(parseExplorerState(new URLSearchParams("from=yesterday-ish")).range).toEqual({ from: "now-1h", to: "now" });
  });

  it("reads any address without failing", () => {
    fc.assert(fc.property(fc.string(), (address) => void parseExplorerState(new URLSearchParams(address))));
  });
});
