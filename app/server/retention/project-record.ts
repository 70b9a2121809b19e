import { z } from "zod";
import { AkavelogError } from "#app/core/errors.ts";

/** ProjectRecord is what `project.json` in the bucket says of a project, so that it can be found again without the database. */
export type ProjectRecord = z.infer<typeof projectRecordSchema>;

/** Times are RFC 3339. */
const projectRecordSchema = z.object({
  format: z.literal(1),
  id: z.uuid(),
  name: z.string(),
  slug: z.string(),
  retentionDays: z.int(),
  createdAt: z.string(),
  deletedAt: z.string().nullable(),
});

export class BadProjectRecordError extends AkavelogError {
  constructor(key: string, reason: string) {
    super("BAD_PROJECT_RECORD", `cannot read object ${key}: ${reason}`);
  }
}

/** Everything of all projects lies below it. */
export const OBJECTS_PREFIX = "v1/";
const RECORD_NAME = "project.json";

export function projectRecordKey(projectId: string): string {
  return `${OBJECTS_PREFIX}${projectId}/${RECORD_NAME}`;
}

export function isProjectRecordKey(key: string): boolean {
  return key.endsWith(`/${RECORD_NAME}`);
}

/** projectIdOf is the project that an object's key belongs to. */
export function projectIdOf(key: string): string {
  return key.slice(OBJECTS_PREFIX.length).split("/")[0] ?? "";
}

export function encodeProjectRecord(record: ProjectRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
}

/** decodeProjectRecord throws BadProjectRecordError. */
export function decodeProjectRecord(bytes: Buffer, key: string): ProjectRecord {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new BadProjectRecordError(key, "it is not JSON");
  }
  const parsed = projectRecordSchema.safeParse(json);
  if (!parsed.success) throw new BadProjectRecordError(key, "it is no project's record");
  return parsed.data;
}
