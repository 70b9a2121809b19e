import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { Logger } from "pino";
import postgres from "postgres";
import { toCatalogError } from "#app/server/catalog/catalog-failure.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { systemClock, type Clock } from "#app/server/system/clock.ts";

export interface CatalogDatabaseOptions {
  url: string;
  logger: Logger;
  clock?: Clock;
  /** Enough for one busy process, few enough for several under PostgreSQL's default of 100. */
  maxConnections?: number;
  /** An absent database must be noticed while a sender still waits for its 503. */
  connectTimeoutMs?: number;
  /** Longest time a caller waits for an answer; the server is told to give up a little earlier. */
  queryTimeoutMs?: number;
}

/** The server's own bound lies below the caller's, so that a slow statement is ended by the server and its connection stays usable. */
const SERVER_BOUND_SHARE = 0.8;

const CLOSE_TIMEOUT_MS = 3_000;

/**
 * CatalogDatabase is the pool of connections to PostgreSQL.
 *
 * `run` is the only way in. Every piece of work is one SQL statement, never an interactive transaction: when a connection
 * is lost between two statements of one, postgres.js may run the rest on its next connection, outside of any transaction,
 * or wait for ever (https://github.com/porsager/postgres/issues/1186, https://github.com/porsager/postgres/pull/1155).
 * What belongs together is one statement with data-modifying CTEs, which is atomic and one round trip as well.
 */
export class CatalogDatabase {
  readonly #options: Required<CatalogDatabaseOptions>;
  readonly #running = new Set<Promise<unknown>>();
  #pool: Pool;
  #closing: Promise<void> | null = null;

  constructor(options: CatalogDatabaseOptions) {
    this.#options = {
      clock: systemClock,
      maxConnections: 10,
      connectTimeoutMs: 3_000,
      queryTimeoutMs: 10_000,
      ...options,
    };
    this.#pool = openPool(this.#options);
  }

  /** Runs one statement. Throws CatalogError: `cannot <operation>: <reason>`. */
  async run<T>(operation: string, statement: (db: PostgresJsDatabase) => Promise<T>): Promise<T> {
    if (this.#closing !== null) throw new CatalogError(operation, "unavailable", "the database connection is closed");
    const pool = this.#pool;
    const { clock, queryTimeoutMs } = this.#options;
    const deadline = new AbortController();
    const startedMs = clock.nowMs();
    const timeout = clock.sleep(queryTimeoutMs, deadline.signal).then(() => {
      this.#giveUpSilentPool(pool, startedMs);
      throw new CatalogError(operation, "unavailable", `no answer within ${queryTimeoutMs} ms`);
    });
    // In a function, because building a statement can throw as well.
    const answer = Promise.race([(async () => statement(pool.db))(), timeout]);
    this.#running.add(answer);
    try {
      const result = await answer;
      pool.lastAnswerMs = clock.nowMs();
      return result;
    } catch (error) {
      const failure = toCatalogError(operation, error);
      if (failure.cause instanceof postgres.PostgresError) pool.lastAnswerMs = clock.nowMs();
      throw failure;
    } finally {
      this.#running.delete(answer);
      deadline.abort(new Error("answered"));
      timeout.catch(() => undefined);
    }
  }

  /** Waits a moment for running statements and ends all connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** postgres.js would wait here for a statement whose connection broke, so the waiting is ours. */
  async #close(): Promise<void> {
    const patience = new AbortController();
    const impatience = this.#options.clock.sleep(CLOSE_TIMEOUT_MS, patience.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled([...this.#running]), impatience]);
    patience.abort(new Error("settled"));
    await this.#pool.sql.end({ timeout: 0 });
  }

  /**
   * A pool that answered nobody during a whole time limit hangs on dead connections, and TCP may take a quarter of an hour
   * to notice. It is replaced, which also fails whatever still waits in it. When others were answered meanwhile the pool
   * is only busy, and stays.
   */
  #giveUpSilentPool(pool: Pool, startedMs: number): void {
    if (this.#pool !== pool || this.#closing !== null || pool.lastAnswerMs >= startedMs) return;
    this.#options.logger.warn(
      { queryTimeoutMs: this.#options.queryTimeoutMs },
      "the database does not answer, connecting anew",
    );
    this.#pool = openPool(this.#options);
    // Ends with its sockets; there is nobody left to tell about a failure.
    void pool.sql.end({ timeout: 0 }).catch(() => undefined);
  }
}

interface Pool {
  sql: postgres.Sql;
  db: PostgresJsDatabase;
  lastAnswerMs: number;
}

function openPool(options: Required<CatalogDatabaseOptions>): Pool {
  const sql = postgres(options.url, {
    max: options.maxConnections,
    connect_timeout: options.connectTimeoutMs / 1000,
    idle_timeout: 60,
    // Asked for on every new connection by a statement that nobody waits for: cut right then, its rejection would end the
    // process. Drizzle reads arrays by itself; raw statements return them as JSON.
    fetch_types: false,
    // A failed attempt makes the next caller wait; postgres.js would let that grow to 20 s.
    backoff: (attempts) => Math.min(0.05 * 2 ** attempts, 1),
    onnotice: (notice) => options.logger.debug({ notice: notice["message"] }, "database notice"),
    connection: {
      application_name: "akavelog",
      statement_timeout: Math.round(options.queryTimeoutMs * SERVER_BOUND_SHARE),
    },
  });
  return { sql, db: drizzle(sql), lastAnswerMs: -1 };
}
