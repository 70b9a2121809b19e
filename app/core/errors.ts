/**
 * AkavelogError is the base of every error this project throws on purpose.
 * `code` is stable and machine-readable; messages read `cannot <verb> <object>: <reason>`.
 */
export class AkavelogError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** reasonOf is the text of anything that was thrown, for messages and logs. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
