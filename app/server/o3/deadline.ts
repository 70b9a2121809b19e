/** Deadline ends a piece of work: by time, or because the caller gave up. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Rejects when the signal is aborted, for work that does not heed it. */
  readonly ended: Promise<never>;
  /** True when time ran out, false when the caller's signal ended the work or nothing did. */
  readonly hasExpired: () => boolean;
  /** Moves the end to `ms` from now: a download learns its size from the response headers. */
  readonly restart: (ms: number) => void;
  readonly clear: () => void;
}

/**
 * startDeadline makes a signal that follows `outer` and aborts after `ms`.
 * Not `AbortSignal.any` with `AbortSignal.timeout`: on Node 20 such a pair can be collected while work waits for it.
 */
export function startDeadline(ms: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let hasExpired = false;
  const expire = () => {
    hasExpired = true;
    controller.abort(new Error("the time for this request is over"));
  };
  const follow = () => controller.abort(outer?.reason);
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason as Error), { once: true });
  });
  ended.catch(() => undefined);
  let timer = setTimeout(expire, ms);
  if (outer?.aborted) follow();
  outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    ended,
    hasExpired: () => hasExpired,
    restart(nextMs) {
      clearTimeout(timer);
      timer = setTimeout(expire, nextMs);
    },
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", follow);
    },
  };
}
