import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileLineKernel } from "#scripts/generate-line-kernel.mjs";

test("the line kernel that ships is the one that its sources make", async () => {
  const shipped = readFileSync(new URL("line-kernel-wasm.ts", import.meta.url), "utf8");
  expect(await compileLineKernel()).toBe(shipped);
});
