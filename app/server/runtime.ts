import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import type { Env } from "#app/server/env.ts";
import { createMetrics, type Metrics } from "#app/server/http/metrics.ts";
import { openServices, type OpenOptions } from "#app/server/open-services.ts";
import type { Services } from "#app/server/services.ts";
import { toStartError } from "#app/server/start-error.ts";

/** Runtime is everything that lives as long as the process. */
export interface Runtime {
  env: Env;
  metrics: Metrics;
  /** Whether this process can take logs, and what else is wrong. */
  ready(): Readiness;
  /** Throws NotStartedError before everything is open. */
  services(): Services;
  close(): Promise<void>;
}

export interface Readiness {
  ok: boolean;
  /** Why logs are not taken. */
  reason: string | null;
  /** What is away or refuses while logs are taken. */
  degraded: string[];
}

export class NotStartedError extends AkavelogError {
  constructor(reason: string) {
    super("NOT_STARTED", `cannot answer yet: ${reason}`);
  }
}

/** startRuntime returns at once; `ready()` tells when the process can take logs. */
export function startRuntime(options: OpenOptions): Runtime {
  const { logger } = options;
  const metrics = createMetrics();
  const stopping = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  let services: Services | null = null;
  let step = "the server is starting";

  const starting = openServices(options, {
    stopping: stopping.signal,
    onClose: (close) => closers.push(close),
    onStep: (name) => (step = name),
    metrics,
  }).then(
    (started) => {
      // Its port is taken, or it was told to end: it will never be asked.
      if (stopping.signal.aborted) return;
      services = started;
      logger.info("ready for logs");
    },
    (error: unknown) => {
      if (stopping.signal.aborted) return;
      const failure = toStartError(error, options.env.dataDir);
      step = reasonOf(failure);
      options.onFatal(failure);
    },
  );

  async function close(): Promise<void> {
    stopping.abort(new Error("the server stops"));
    await starting;
    services = null;
    step = "the server is stopping";
    // In the opposite order of opening; the database is stopped last.
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) {
      await next().catch((error: unknown) => logger.error({ err: error }, "cannot close cleanly"));
    }
  }

  let closing: Promise<void> | null = null;
  return {
    env: options.env,
    metrics,
    ready: () => (services === null ? { ok: false, reason: step, degraded: [] } : readinessOf(services)),
    services() {
      if (services === null) throw new NotStartedError(step);
      return services;
    },
    close: () => (closing ??= close()),
  };
}

function readinessOf({ ingester }: Services): Readiness {
  const { store, catalog } = ingester.trouble;
  const degraded: string[] = [];
  if (store !== null) degraded.push(`object store: ${store}`);
  if (catalog !== null) degraded.push(`database: ${catalog}`);
  const reason = ingester.reasonToRefuse;
  return { ok: reason === null, reason, degraded };
}
