import { AkavelogError } from "#app/core/errors.ts";

/** AccessError: no key was sent (401), it is unknown, expired or revoked (401), or it may do something else (403). */
export class AccessError extends AkavelogError {
  constructor(code: "KEY_MISSING" | "KEY_UNKNOWN" | "SCOPE_MISSING", reason: string) {
    super(code, `cannot take logs: ${reason}`);
  }
}
