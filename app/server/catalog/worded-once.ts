import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

interface Executable<Rows> {
  execute(values: Record<string, unknown>): Promise<Rows>;
}

interface Statement<Rows> extends Executable<Rows> {
  prepare(name: string): Executable<Rows>;
}

/**
 * wordedOnce is a statement with placeholders that is asked all the time. Of few wordings each is built once for a pool of
 * connections, since drizzle takes longer to put it together than PostgreSQL to answer it, and each connection prepares it
 * once, which saves the parsing from then on. Connections never forget such a statement, so a wording that grows with what
 * is asked is neither kept nor prepared.
 */
export function wordedOnce<Wording extends object, Rows>(
  name: string,
  build: (db: PostgresJsDatabase, wording: Wording) => Statement<Rows>,
  hasFewWordings: (wording: Wording) => boolean,
): (db: PostgresJsDatabase, wording: Wording) => Executable<Rows> {
  const pools = new WeakMap<PostgresJsDatabase, Map<string, Executable<Rows>>>();
  return (db, wording) => {
    if (!hasFewWordings(wording)) return build(db, wording);
    let kept = pools.get(db);
    if (kept === undefined) pools.set(db, (kept = new Map()));
    const key = JSON.stringify(wording);
    let statement = kept.get(key);
    if (statement === undefined) kept.set(key, (statement = build(db, wording).prepare(name)));
    return statement;
  };
}
