import postgres from "postgres";
import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import { toCatalogError } from "#app/server/catalog/catalog-failure.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";
import { systemClock } from "#app/server/system/clock.ts";

/** UnusableDatabaseError: no waiting mends it; the message names the remedy. */
export class UnusableDatabaseError extends AkavelogError {
  constructor(reason: string, options?: { cause?: unknown }) {
    super("UNUSABLE_DATABASE", `cannot use the database that DATABASE_URL names: ${reason}`, options);
  }
}

/** `gen_random_uuid()` is built in since then. */
const OLDEST_MAJOR_VERSION = 13;

/** postgres.js connects again and again, and says nothing, where a server takes connections and ends them. */
const INSPECTION_TIMEOUT_MS = 10_000;

/** What a server says of whom it does not let in or do something, by SQLSTATE, and how that is mended. */
const REMEDIES: Record<string, string> = {
  "28000": "check the user in DATABASE_URL and the server's pg_hba.conf",
  "28P01": "check user and password in DATABASE_URL",
  "3D000": "create it, or name another in DATABASE_URL",
  "25006": "DATABASE_URL must lead to the primary",
  "42501": "make the user in DATABASE_URL the owner of the database",
};

/**
 * inspectDatabase asks a server what it is before anything is done to it. Throws UnusableDatabaseError, and CatalogError
 * where the server may only be late.
 */
export async function inspectDatabase(
  url: string,
  stopping: AbortSignal,
  timeoutMs = INSPECTION_TIMEOUT_MS,
): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  const answered = new AbortController();
  const silence = systemClock.sleep(timeoutMs, AbortSignal.any([stopping, answered.signal])).then(() => {
    throw new CatalogError(
      "inspect the database",
      "unavailable",
      `${timeoutMs / 1000} s went by without an answer that PostgreSQL would give`,
    );
  });
  silence.catch(() => undefined);
  try {
    const [server] = await Promise.race([askServer(sql), silence]);
    const problem = server === undefined ? null : problemOf(server);
    if (problem !== null) throw new UnusableDatabaseError(problem);
  } catch (error) {
    throw error instanceof AkavelogError ? error : toRefusal(toCatalogError("inspect the database", error));
  } finally {
    answered.abort(new Error("answered"));
    await sql.end({ timeout: 0 });
  }
}

/** toRefusal turns a failure that lasts until somebody mends it into an UnusableDatabaseError. */
export function toRefusal(error: CatalogError): AkavelogError {
  const { cause } = error;
  const remedy = cause instanceof postgres.PostgresError ? REMEDIES[cause.code] : undefined;
  return remedy === undefined ? error : new UnusableDatabaseError(`${reasonOf(cause)}; ${remedy}`, { cause });
}

interface ServerFacts {
  version: string;
  versionNumber: number;
  encoding: string;
  isReadOnly: boolean;
}

function askServer(sql: postgres.Sql): Promise<ServerFacts[]> {
  return sql<ServerFacts[]>`
    select
      current_setting('server_version') as "version",
      current_setting('server_version_num')::int as "versionNumber",
      current_setting('server_encoding') as "encoding",
      current_setting('transaction_read_only') = 'on' as "isReadOnly"
  `;
}

function problemOf({ version, versionNumber, encoding, isReadOnly }: ServerFacts): string | null {
  if (versionNumber < OLDEST_MAJOR_VERSION * 10_000) {
    return `it is PostgreSQL ${version}; ${OLDEST_MAJOR_VERSION} is the oldest that will do`;
  }
  // Names of services and tags come in every script: those that another encoding lacks would fail with their whole batch.
  if (encoding !== "UTF8") {
    return `its encoding is ${encoding}; make one with: create database akavelog encoding 'UTF8' template template0`;
  }
  return isReadOnly ? `it is read-only; ${REMEDIES["25006"]}` : null;
}
