import { describe, expect, it } from "vitest";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";
import { UPLOAD_BACKOFF, backoffMs, retryWithBackoff } from "#app/server/o3/retry-backoff.ts";

const passing = () => new ObjectStoreError("put", "k", "busy", { retryable: true });

function recordingClock() {
  const sleeps: number[] = [];
  return {
    sleeps,
    nowMs: () => 0,
    sleep(ms: number, signal?: AbortSignal) {
      sleeps.push(ms);
      return signal?.aborted === true ? Promise.reject(signal.reason as Error) : Promise.resolve();
    },
  };
}

describe("backoffMs", () => {
  it("doubles its bound with every retry up to the largest delay", () => {
    const bounds = [0, 1, 2, 7, 8, 2_000].map((retries) => backoffMs(retries, () => 1));
    expect(bounds).toEqual([200, 400, 800, 25_600, UPLOAD_BACKOFF.maxDelayMs, UPLOAD_BACKOFF.maxDelayMs]);
  });

  it("spreads the wait from nothing to the bound", () => {
    expect([0, 0.25, 0.999].map((value) => backoffMs(0, () => value))).toEqual([0, 50, 199]);
  });
});

describe("retryWithBackoff", () => {
  const options = { random: () => 0.5, maxAttempts: 4 };

  it("tells each try how many failed before it and ends with the first success", async () => {
    const clock = recordingClock();
    const seen: number[] = [];
    const result = await retryWithBackoff(
      async (failed) => {
        seen.push(failed);
        if (failed < 3) throw passing();
        return "done";
      },
      { ...options, clock },
    );
    expect({ result, seen, sleeps: clock.sleeps }).toEqual({
      result: "done",
      seen: [0, 1, 2, 3],
      sleeps: [100, 200, 400],
    });
  });

  it("throws the last error after the last try, without waiting for another", async () => {
    const clock = recordingClock();
    await expect(retryWithBackoff(() => Promise.reject(passing()), { ...options, clock })).rejects.toThrow("busy");
    expect(clock.sleeps).toHaveLength(3);
  });

  it.each([
    ["a missing object", new ObjectNotFoundError("get", "k")],
    ["a lasting refusal", new ObjectStoreError("put", "k", "no", { retryable: false })],
    ["anything that is no store error", new Error("a mistake")],
  ])("does not repeat %s", async (_, error) => {
    const clock = recordingClock();
    await expect(retryWithBackoff(() => Promise.reject(error), { ...options, clock })).rejects.toBe(error);
    expect(clock.sleeps).toEqual([]);
  });

  it("ends the wait with the signal's reason", async () => {
    const reason = new Error("stopping");
    const signal = AbortSignal.abort(reason);
    const run = retryWithBackoff(() => Promise.reject(passing()), { ...options, clock: recordingClock(), signal });
    await expect(run).rejects.toBe(reason);
  });
});
