import { z } from "zod";

/** What a key may do. Scopes do not imply each other. */
export const API_KEY_SCOPES = ["ingest", "query", "admin"] as const;

export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

/** Ten years; longer is a typing mistake more often than a wish. */
export const MAX_RETENTION_DAYS = 3650;
export const DEFAULT_RETENTION_DAYS = 30;
export const MAX_NAME_LENGTH = 100;

/** Project is a project as the API shows it. `createdAt` is RFC 3339. */
export interface Project {
  id: string;
  name: string;
  slug: string;
  retentionDays: number;
  /** Whether a shipper's line that is itself JSON or logfmt becomes level, message and tags. */
  openLines: boolean;
  /** Whether such a line is kept beside them, as the tag `raw`. */
  keepRawLines: boolean;
  createdAt: string;
}

/** ApiKey is a key as the API lists it; the key itself is shown once, when it is made. Times are RFC 3339. */
export interface ApiKey {
  id: string;
  name: string;
  /** The first characters of the key. */
  prefix: string;
  scopes: ApiKeyScope[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

// PostgreSQL refuses NUL, and the other control characters, lone surrogates and ends of lines have no business in a name. What
// turns the order of characters about would turn that of the page around the name about as well.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** isPlainName is true for what can stand in the middle of a page's text and change none of it. */
export function isPlainName(name: string): boolean {
  return !UNPRINTABLE.test(name);
}

/** nameSchema reads a name that people give to a project or a key. */
export const nameSchema = z
  .string()
  .refine(isPlainName, "must not contain control characters")
  .transform((name) => name.trim())
  .refine((name) => name.length > 0, "must not be empty")
  .refine((name) => Array.from(name).length <= MAX_NAME_LENGTH, `must have at most ${MAX_NAME_LENGTH} characters`);

const retentionDaysSchema = z.int().min(1).max(MAX_RETENTION_DAYS);

/** createProjectSchema reads the body of `POST /projects`. */
export const createProjectSchema = z.strictObject({
  name: nameSchema,
  retentionDays: retentionDaysSchema.default(DEFAULT_RETENTION_DAYS),
});

export type CreateProject = z.infer<typeof createProjectSchema>;

/** updateProjectSchema reads the body of `PATCH /projects/:id`. */
export const updateProjectSchema = z
  .strictObject({
    name: nameSchema.optional(),
    retentionDays: retentionDaysSchema.optional(),
    openLines: z.boolean().optional(),
    keepRawLines: z.boolean().optional(),
  })
  .refine(
    (body) => Object.values(body).some((value) => value !== undefined),
    "must change name, retentionDays, openLines or keepRawLines",
  );

export type UpdateProject = z.infer<typeof updateProjectSchema>;

/** createApiKeySchema reads the body of `POST /projects/:id/keys`; `nowMs` decides what is in the future. */
export function createApiKeySchema(nowMs: number) {
  return z.strictObject({
    name: nameSchema,
    scopes: z
      .array(z.enum(API_KEY_SCOPES))
      .min(1, "must name at least one scope")
      .transform((scopes) => API_KEY_SCOPES.filter((scope) => scopes.includes(scope))),
    expiresAt: z.iso
      .datetime({ offset: true, message: "must be an RFC 3339 time" })
      .refine((text) => Date.parse(text) > nowMs, "must be in the future")
      .nullish(),
  });
}

export type CreateApiKey = z.infer<ReturnType<typeof createApiKeySchema>>;
