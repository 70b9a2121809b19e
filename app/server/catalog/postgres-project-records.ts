import { asc, eq, ne, sql } from "drizzle-orm";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { projects } from "#app/server/catalog/schema.ts";
import type { ProjectRecordCatalog } from "#app/server/retention/project-recorder.ts";

const MAX_RECORDS = 500;

/** createPostgresProjectRecords tells which projects have changed since the bucket was told. */
export function createPostgresProjectRecords(database: CatalogDatabase): ProjectRecordCatalog {
  return {
    async findUnrecorded() {
      const rows = await database.run("find changed projects", (db) =>
        db
          .select()
          .from(projects)
          .where(ne(projects.version, projects.recordedVersion))
          .orderBy(asc(projects.createdAt), asc(projects.id))
          .limit(MAX_RECORDS),
      );
      return rows.map(({ version, id, name, slug, retentionDays, createdAt, deletedAt }) => ({
        version,
        record: {
          format: 1,
          id,
          name,
          slug,
          retentionDays,
          createdAt: createdAt.toISOString(),
          deletedAt: deletedAt?.toISOString() ?? null,
        },
      }));
    },

    // Whoever wrote an older version than the newest may have replaced that one, so it has to be written again.
    async markRecorded(projectId, version) {
      await database.run("mark project as recorded", (db) =>
        db
          .update(projects)
          .set({
            recordedVersion: sql`case when ${projects.version} = ${version}::integer then ${version}::integer else 0 end`,
          })
          .where(eq(projects.id, projectId)),
      );
    },
  };
}
