import { describe, expect, it } from "vitest";
import { UPLOAD_BACKOFF, backoffMs } from "#app/server/o3/retry-backoff.ts";

describe("backoffMs", () => {
  it("doubles its bound with every retry up to the largest delay", () => {
    const bounds = [0, 1, 2, 7, 8, 2_000].map((retries) => backoffMs(retries, () => 1));
    expect(bounds).toEqual([200, 400, 800, 25_600, UPLOAD_BACKOFF.maxDelayMs, UPLOAD_BACKOFF.maxDelayMs]);
  });

  it("spreads the wait from nothing to the bound", () => {
    expect([0, 0.25, 0.999].map((value) => backoffMs(0, () => value))).toEqual([0, 50, 199]);
  });
});
