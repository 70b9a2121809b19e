import { DrizzleQueryError } from "drizzle-orm/errors";
import { reasonOf } from "#app/core/errors.ts";
import { CatalogError } from "#app/server/ingest/batch-catalog.ts";

/** 22 data exception, 23 integrity constraint violation, 54 program limit exceeded: the same values fail every time. */
const DATA_CLASSES = new Set(["22", "23", "54"]);

/** What postgres.js refuses to encode before it asks the server. */
const DATA_CODES = new Set(["UNDEFINED_VALUE", "MAX_PARAMETERS_EXCEEDED"]);

/**
 * toCatalogError says whether a failed database operation is worth repeating.
 *
 * Everything that is not plainly the fault of the values counts as `unavailable`: lost connections, shutdown (57P),
 * resources (53), deadlocks (40), cancelled by timeout (57014), a standby after a failover (25006), wrong password (28),
 * missing tables (42), and a TypeError of postgres.js, which throws one when a socket goes away under a query.
 * Taking one of those for `data` would quarantine logs that a minute later could have been stored.
 */
export function toCatalogError(operation: string, error: unknown): CatalogError {
  if (error instanceof CatalogError) return error;
  // Drizzle's message carries the statement and all parameters, key hashes among them. Only the cause is kept.
  const cause = error instanceof DrizzleQueryError && error.cause !== undefined ? error.cause : error;
  const kind = isDataFailure(codeOf(cause)) ? "data" : "unavailable";
  return new CatalogError(operation, kind, reasonOf(cause), { cause });
}

function isDataFailure(code: string | null): boolean {
  if (code === null) return false;
  return DATA_CODES.has(code) || (code.length === 5 && DATA_CLASSES.has(code.slice(0, 2)));
}

/** SQLSTATE or Node's error code. */
function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
