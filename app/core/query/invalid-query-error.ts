import { AkavelogError } from "#app/core/errors.ts";

/**
 * InvalidQueryError says where a query stops making sense and how to mend it. `position` is an offset in UTF-16 code
 * units, from 0, into the text of the query. It is returned, not thrown: writing a query wrong is an ordinary mistake.
 */
export class InvalidQueryError extends AkavelogError {
  readonly position: number;

  constructor(position: number, message: string) {
    super("INVALID_QUERY", message);
    this.position = position;
  }
}
