import fc from "fast-check";
import { expect, it } from "vitest";
import { ndjsonSplitter } from "#app/core/ndjson.ts";

it("gives the same lines wherever the bytes are cut", () => {
  const text = fc.string({ unit: "grapheme" }).map((line) => line.replaceAll("\n", "").toWellFormed());
  fc.assert(
    fc.property(fc.array(text), fc.array(fc.nat(40)), (lines, cuts) => {
      const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
      const splitter = ndjsonSplitter();
      const found: string[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        found.push(...splitter.push(bytes.subarray(at, at + cut)));
        at += cut;
      }
      expect(found).toEqual(lines.filter((line) => line !== ""));
      expect(splitter.rest()).toBe("");
    }),
  );
});

it("keeps half a line apart", () => {
  const splitter = ndjsonSplitter();
  expect(splitter.push(new TextEncoder().encode('{"a":1}\n{"b'))).toEqual(['{"a":1}']);
  expect(splitter.rest()).toBe('{"b');
});
