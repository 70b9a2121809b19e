import type { Logger } from "pino";
import type { Env } from "#app/server/env.ts";

/** Runtime is everything that lives as long as the process. */
export interface Runtime {
  ready(): { ok: boolean };
  close(): Promise<void>;
}

/** startRuntime returns at once; `ready()` tells when the process can take logs. */
export function startRuntime({ logger }: { env: Env; logger: Logger }): Runtime {
  logger.debug("runtime started");
  return { ready: () => ({ ok: true }), close: () => Promise.resolve() };
}
