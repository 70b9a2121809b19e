import { sql, type SQL } from "drizzle-orm";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type { AuditAction, AuditEvent } from "#app/core/audit.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { auditEvents } from "#app/server/catalog/schema.ts";

/** Actor is who does something. */
export interface Actor {
  /** A mail address, or what stands for none. */
  name: string;
  userId: string | null;
  address: string;
}

/** SYSTEM is nobody who asked over the network: scripts, and the server itself. */
export const SYSTEM: Actor = { name: "system", userId: null, address: "" };

/** AuditNote is one event to be kept. */
export interface AuditNote {
  /** Null for what belongs to a person and no project. */
  projectId: string | SQL | null;
  action: AuditAction;
  by: Actor;
  target?: string | SQL;
}

/** Longer than any question that is asked of it; what is older goes with the next sign-in. */
const KEPT_DAYS = 365;

/**
 * runNoted runs one change and keeps a note for each row that it returns, in the same statement: either both are there or
 * neither. The note's expressions may name columns of `changed`. Returns the rows as the database names them.
 */
export async function runNoted<Row extends Record<string, unknown>>(
  database: CatalogDatabase,
  operation: string,
  change: (db: PostgresJsDatabase) => { getSQL(): SQL },
  note: AuditNote,
): Promise<Row[]> {
  const rows = await database.run(operation, (db) =>
    db.execute(sql`with changed as (${change(db).getSQL()}), ${noted(note)} select * from changed`),
  );
  return rows.map((row) => row as Row);
}

/** noted is the part of a statement that keeps a note for each row of `changed`. */
export function noted({ projectId, action, by, target = "" }: AuditNote): SQL {
  return sql`noted as (
    insert into ${auditEvents} (project_id, user_id, actor, action, target, address)
    select (${projectId})::uuid, ${by.userId}::uuid, ${by.name}::text, ${action}::text, (${target})::text, ${by.address}::text
    from changed)`;
}

/** noteEvent keeps what changes nothing in the catalog. Throws CatalogError. */
export async function noteEvent(database: CatalogDatabase, { projectId, action, by, target = "" }: AuditNote) {
  await database.run("note an event", (db) =>
    db.execute(sql`
      insert into ${auditEvents} (project_id, user_id, actor, action, target, address)
      values ((${projectId})::uuid, ${by.userId}::uuid, ${by.name}::text, ${action}::text, (${target})::text, ${by.address}::text)`),
  );
}

/** noteRefusal keeps a sign-in with a wrong password or for an account that there is not. Throws CatalogError. */
export async function noteRefusal(database: CatalogDatabase, email: string, address: string): Promise<void> {
  await database.run("note a refusal", (db) =>
    db.execute(sql`
      insert into ${auditEvents} (user_id, actor, action, target, address)
      values ((select id from users where email = ${email}), ${email}, 'sign-in-refused', '', ${address})`),
  );
}

/** expireEvents removes what is older than a year. */
export async function expireEvents(database: CatalogDatabase): Promise<void> {
  await database.run("remove old events", (db) =>
    db.execute(sql`delete from ${auditEvents} where at < now() - make_interval(days => ${KEPT_DAYS}::integer)`),
  );
}

/**
 * listEvents returns what was done in a project, and the sign-ins of its members, newest first; `before` is the id of the
 * event that the page before ended with.
 */
export async function listEvents(
  database: CatalogDatabase,
  { projectId, before, limit }: { projectId: string; before: string | null; limit: number },
): Promise<AuditEvent[]> {
  const behind = before === null ? sql`` : sql`and id < ${before}::bigint`;
  const rows = await database.run("list events", (db) =>
    db.execute<Omit<AuditEvent, "at"> & { at_ms: string }>(sql`
      select id::text as id, extract(epoch from at) * 1000 as at_ms, actor, action, target, address from ${auditEvents}
      where (project_id = ${projectId}::uuid
        or project_id is null and user_id in (select user_id from memberships where project_id = ${projectId}::uuid))
        ${behind}
      order by ${auditEvents.id} desc limit ${limit}::integer`),
  );
  return rows.map(({ at_ms: atMs, ...event }) => ({ ...event, at: new Date(Number(atMs)).toISOString() }));
}
