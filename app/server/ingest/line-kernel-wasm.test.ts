import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compileKernel, KERNELS } from "#scripts/generate-kernels.mjs";

test.each(KERNELS)("the $title that ships is the one that its sources make", { timeout: 120_000 }, async (kernel) => {
  const shipped = readFileSync(fileURLToPath(new URL(`../../../${kernel.target}`, import.meta.url)), "utf8");
  expect(await compileKernel(kernel)).toBe(shipped);
});
