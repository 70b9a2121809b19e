import type { Logger } from "pino";
import { reasonOf } from "#app/core/errors.ts";
import { POSTGRES_USER, ensureCluster } from "#app/server/catalog/postgres-cluster.ts";
import { prepareBinaries } from "#app/server/catalog/postgres-binaries.ts";
import { stopOrphan } from "#app/server/catalog/postgres-orphan.ts";
import { choosePlace, type PostgresPlace } from "#app/server/catalog/postgres-place.ts";
import { PortTakenError, findFreePort, startServer, type PostgresServer } from "#app/server/catalog/postgres-server.ts";
import { systemClock, type Clock } from "#app/server/system/clock.ts";

export interface OpenEmbeddedPostgresOptions {
  /** DATA_DIR. The caller holds its lock. */
  dataDir: string;
  logger: Logger;
  clock?: Clock;
  /** Used as root only: a folder that every user can enter, for what PostgreSQL's user could not reach otherwise. */
  sharedRoot?: string;
}

/** EmbeddedPostgres is a running server; `url` stays valid when the server had to be restarted. */
export interface EmbeddedPostgres {
  url: string;
  close(): Promise<void>;
}

const PORT_ATTEMPTS = 5;

/** A server that ends again and again is restarted ever more slowly; after a minute of peace the count starts anew. */
const MIN_RESTART_DELAY_MS = 100;
const MAX_RESTART_DELAY_MS = 30_000;
const PEACE_MS = 60_000;

/**
 * openEmbeddedPostgres runs a real PostgreSQL for this DATA_DIR: makes the cluster at the first start, stops a server that
 * a killed process left behind, starts its own and keeps it running until close(). Throws EmbeddedPostgresError.
 */
export async function openEmbeddedPostgres(options: OpenEmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { logger, clock = systemClock, sharedRoot = "/var/lib/akavelog" } = options;
  const place = await choosePlace({ dataDir: options.dataDir, sharedRoot, logger });
  const binaries = await prepareBinaries({ account: place.account, copyRoot: place.copyRoot, logger });
  const password = await ensureCluster(place, binaries, logger);
  await stopOrphan(place.cluster, logger, clock);
  const { server, port } = await startOnFreePort(place, binaries, password, clock);
  const url = urlOf(port, password);
  logger.info({ cluster: place.cluster, port }, "embedded PostgreSQL is running");

  const keeper = keepRunning({
    server,
    logger,
    clock,
    restart: async () => {
      await stopOrphan(place.cluster, logger, clock);
      return startServer({ place, binaries, port, url, clock });
    },
  });
  return { url, close: () => keeper.close() };
}

function urlOf(port: number, password: string): string {
  return `postgres://${POSTGRES_USER}:${password}@127.0.0.1:${port}/postgres`;
}

async function startOnFreePort(
  place: PostgresPlace,
  binaries: string,
  password: string,
  clock: Clock,
): Promise<{ server: PostgresServer; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    try {
      return { server: await startServer({ place, binaries, port, url: urlOf(port, password), clock }), port };
    } catch (error) {
      // Somebody took the port between our look and PostgreSQL's.
      if (!(error instanceof PortTakenError) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

interface KeepRunningOptions {
  server: PostgresServer;
  restart: () => Promise<PostgresServer>;
  logger: Logger;
  clock: Clock;
}

/** Watches the server until close() and starts it again when it ends by itself. */
function keepRunning({ server: first, restart, logger, clock }: KeepRunningOptions): { close(): Promise<void> } {
  const closing = new AbortController();
  const isClosing = new Promise<null>((resolve) =>
    closing.signal.addEventListener("abort", () => resolve(null), { once: true }),
  );
  let closed: Promise<void> | null = null;

  async function watch(): Promise<void> {
    let server: PostgresServer | null = first;
    let delayMs = MIN_RESTART_DELAY_MS;
    while (!closing.signal.aborted) {
      const startedMs = clock.nowMs();
      if (server !== null) {
        const how = await Promise.race([server.ended, isClosing]);
        if (how === null) break;
        logger.error({ how }, "PostgreSQL ended by itself, starting it again");
        if (clock.nowMs() - startedMs >= PEACE_MS) delayMs = MIN_RESTART_DELAY_MS;
      }
      // Rejects when we are closing, which the loop's condition sees.
      await clock.sleep(delayMs, closing.signal).catch(() => undefined);
      if (closing.signal.aborted) return;
      delayMs = Math.min(delayMs * 2, MAX_RESTART_DELAY_MS);
      server = await restart().catch((error: unknown) => {
        logger.error({ reason: reasonOf(error), retryInMs: delayMs }, "cannot restart PostgreSQL");
        return null;
      });
      if (server !== null) logger.info("PostgreSQL is running again");
    }
    await server?.stop();
  }

  const watching = watch();
  return {
    close() {
      closed ??= (async () => {
        closing.abort(new Error("closing"));
        await watching;
      })();
      return closed;
    },
  };
}
