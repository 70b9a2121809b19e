import { AkavelogError } from "#app/core/errors.ts";

/** EmbeddedPostgresError: the embedded server cannot be opened; the message names the remedy where there is one. */
export class EmbeddedPostgresError extends AkavelogError {
  constructor(reason: string, options?: { cause?: unknown }) {
    super("EMBEDDED_POSTGRES", `cannot open embedded PostgreSQL: ${reason}`, options);
  }
}
