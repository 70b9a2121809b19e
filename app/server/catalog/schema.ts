import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { AuditAction } from "#app/core/audit.ts";
import type { Role } from "#app/core/account.ts";
import type { ApiKeyScope } from "#app/core/project.ts";
import type { Level } from "#app/core/level.ts";
import type { BatchState, LineageRun, TagSummary } from "#app/server/ingest/batch-catalog.ts";

/*
 * The tables of the metadata index. After a change here run `npx drizzle-kit generate` and commit what it writes.
 * Batch times are bigint nanoseconds: timestamptz keeps microseconds and rounds up, so an entry could fall out of its own batch.
 */

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const projects = pgTable("projects", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: text("name").notNull(),
  // Unique over deleted projects too: an old link must never open somebody else's project.
  slug: text("slug").notNull().unique(),
  retentionDays: integer("retention_days").notNull().default(30),
  // Whether a shipper's line that is JSON or logfmt becomes level, message and tags, and whether it is kept beside them.
  openLines: boolean("open_lines").notNull().default(true),
  keepRawLines: boolean("keep_raw_lines").notNull().default(false),
  createdAt: moment("created_at").notNull().defaultNow(),
  deletedAt: moment("deleted_at"),
  // Grows with each change; what of it `project.json` in the bucket has.
  version: integer("version").notNull().default(1),
  recordedVersion: integer("recorded_version").notNull().default(0),
});

export const apiKeys = pgTable(
  "api_keys",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id),
    name: text("name").notNull(),
    // The first characters, so that people can tell their keys apart. The key itself is kept nowhere.
    prefix: text("prefix").notNull(),
    // Hex.
    keySha256: text("key_sha256").notNull().unique(),
    scopes: text("scopes").array().notNull().$type<ApiKeyScope[]>(),
    createdAt: moment("created_at").notNull().defaultNow(),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [index("api_keys_project").on(table.projectId)],
);

export const logBatches = pgTable(
  "log_batches",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id),
    // Of a tier-1 object the first batch inside; `lineage` has them all.
    walId: text("wal_id").notNull(),
    batchNo: bigint("batch_no", { mode: "number" }).notNull(),
    objectKey: text("o3_object_key").notNull().unique(),
    // Hex.
    sha256: text("sha256").notNull(),
    tier: smallint("tier").notNull().default(0).$type<0 | 1>(),
    generation: integer("generation").notNull().default(0),
    // Readers see `stored` and `missing` alone. `building`: the object is being put, and nothing counts on it yet.
    // `superseded`: compacted into another, kept for queries that began before. `locked`: expired, and the store will not
    // delete it yet.
    state: text("state").notNull().default("stored").$type<BatchState>(),
    stateSince: moment("state_since").notNull().defaultNow(),
    entries: bigint("entries", { mode: "number" }).notNull(),
    bytes: bigint("bytes", { mode: "number" }).notNull(),
    rawBytes: bigint("raw_bytes", { mode: "number" }).notNull(),
    // Both inclusive.
    tsStartNs: bigint("ts_start", { mode: "bigint" }).notNull(),
    tsEndNs: bigint("ts_end", { mode: "bigint" }).notNull(),
    // null: too many to list, any may be inside.
    services: text("services").array(),
    levels: text("levels").array().notNull().$type<Level[]>(),
    tags: jsonb("tags").notNull().$type<TagSummary>(),
    promotedKeys: text("promoted_keys")
      .array()
      .notNull()
      .default(sql`'{}'::text[]`),
    // Tier 1: the batches inside, and where the object's tail (word filters, description, Parquet footer) begins.
    lineage: jsonb("lineage").$type<LineageRun[]>(),
    tailStart: bigint("tail_start", { mode: "number" }),
    tailSha256: text("tail_sha256"),
    tokeniser: smallint("tokeniser"),
    // The latest receipt of an entry inside: entries expire by the later of it and their own time.
    receivedAt: moment("received_at").notNull().defaultNow(),
    committedAt: moment("committed_at").notNull().defaultNow(),
  },
  (table) => [
    // Serves the range and the order of findBatches; ts_start is in it so that rows before the range are left out without reading them.
    index("log_batches_project_time").on(table.projectId, table.tsEndNs.desc(), table.tsStartNs),
    // Live follows ask every second for what has come since.
    index("log_batches_project_committed").on(table.projectId, table.committedAt),
    // Few rows: what compaction and retention have still to remove.
    index("log_batches_unsettled")
      .on(table.state, table.stateSince)
      .where(sql`${table.state} in ('building', 'superseded', 'locked')`),
    check("log_batches_state", sql`${table.state} in ('stored', 'missing', 'building', 'superseded', 'locked')`),
    check("log_batches_tier", sql`${table.tier} in (0, 1)`),
  ],
);

/** Who compacts which part of a project: saves work only, since the swap of rows decides by itself. */
export const compactionLeases = pgTable(
  "compaction_leases",
  {
    projectId: uuid("project_id").notNull(),
    partition: text("partition").notNull(),
    owner: text("owner").notNull(),
    until: moment("until").notNull(),
  },
  (table) => [primaryKey({ columns: [table.projectId, table.partition] })],
);

/** Keyed by batch: rows shared between batches made flushers of different processes deadlock. */
export const logCounts = pgTable(
  "log_counts",
  {
    batchId: uuid("batch_id")
      .notNull()
      .references(() => logBatches.id, { onDelete: "cascade" }),
    // Minutes since 1970-01-01 UTC.
    minute: integer("minute").notNull(),
    service: text("service").notNull(),
    level: text("level").notNull().$type<Level>(),
    count: bigint("count", { mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.batchId, table.minute, table.service, table.level] })],
);

/** The ledger. No reference to projects or batches: it outlives compaction, retention and project deletion. */
export const walCommits = pgTable(
  "wal_commits",
  {
    walId: text("wal_id").notNull(),
    batchNo: bigint("batch_no", { mode: "number" }).notNull(),
    projectId: uuid("project_id").notNull(),
    committedAt: moment("committed_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.walId, table.batchNo] })],
);

export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    projectId: uuid("project_id").notNull(),
    key: text("key").notNull(),
    digest: text("digest").notNull(),
    // Empty: taken over from a dead process and given back; anybody may claim it.
    ownerWalId: text("owner_wal_id").notNull(),
    // Names one call of claim(), so that a claim whose reply was lost can be found again, and one that was taken over is
    // known from what its process claims later.
    claimId: uuid("claim_id").notNull(),
    // Written by builds that know no takenClaims; an older process goes on beside a newer one.
    takenOver: boolean("taken_over").notNull().default(false),
    // Claims that lost the key to another process; their records may still be in a WAL, and must not be stored once another
    // claim has settled it.
    takenClaims: uuid("taken_claims")
      .array()
      .notNull()
      .default(sql`'{}'::uuid[]`),
    createdAt: moment("created_at").notNull().defaultNow(),
    // Null with an answer: the record is durable, and its sender may yet get a better answer.
    completedAt: moment("completed_at"),
    // Null: not settled, and nothing of it is stored.
    status: smallint("status").$type<200 | 202 | 422>(),
    body: text("body"),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.key] }),
    index("idempotency_keys_owner").on(table.ownerWalId),
    index("idempotency_keys_created").on(table.createdAt),
  ],
);

/** Processes are known by the WAL they own. */
export const processes = pgTable("processes", {
  walId: text("wal_id").primaryKey(),
  heartbeatAt: moment("heartbeat_at").notNull().defaultNow(),
  // Milliseconds: what this process acknowledged before then is committed. Null until it has said so.
  committedThroughMs: bigint("committed_through", { mode: "number" }),
  // Projects that are followed live at this process, and when it said so last.
  follows: uuid("follows")
    .array()
    .notNull()
    .default(sql`'{}'`),
  followsAt: moment("follows_at"),
});

/** What each process took from the token buckets of senders; each writes rows of its own alone. */
export const rateUsage = pgTable(
  "rate_usage",
  {
    walId: text("wal_id").notNull(),
    // `project:bytes:<id>`, `key:records:<id>` and so on.
    bucket: text("bucket").notNull(),
    // Since its process made the bucket.
    taken: bigint("taken", { mode: "number" }).notNull(),
    madeAt: moment("made_at").notNull().defaultNow(),
    toldAt: moment("told_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.walId, table.bucket] }), index("rate_usage_told").on(table.toldAt)],
);

/** People who sign in to the web app. */
export const users = pgTable(
  "users",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    // Lower case.
    email: text("email").notNull().unique(),
    // Null: signs in elsewhere (OpenID Connect) only.
    passwordHash: text("password_hash"),
    // `<issuer> <subject>`.
    oidcSubject: text("oidc_subject").unique(),
    // Sees every project and may make new ones.
    isAdmin: boolean("is_admin").notNull().default(false),
    // True for the one made on the first visit, null for all others: of two first visits at once the index lets one win.
    isFirst: boolean("is_first").unique(),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (table) => [check("users_first", sql`${table.isFirst} is null or ${table.isFirst}`)],
);

export const sessions = pgTable(
  "sessions",
  {
    // Hex, of the token in the cookie.
    tokenSha256: text("token_sha256").primaryKey(),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    createdAt: moment("created_at").notNull().defaultNow(),
    lastSeenAt: moment("last_seen_at").notNull().defaultNow(),
    expiresAt: moment("expires_at").notNull(),
    userAgent: text("user_agent").notNull(),
    address: text("address").notNull(),
  },
  (table) => [index("sessions_user").on(table.userId)],
);

export const memberships = pgTable(
  "memberships",
  {
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text("role").notNull().$type<Role>(),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.userId] }),
    index("memberships_user").on(table.userId),
    check("memberships_role", sql`${table.role} in ('owner', 'member', 'viewer')`),
  ],
);

export const invitations = pgTable("invitations", {
  id: uuid("id").primaryKey().defaultRandom(),
  // Hex, of the token in the link, which is kept nowhere.
  tokenSha256: text("token_sha256").notNull().unique(),
  projectId: uuid("project_id")
    .notNull()
    .references(() => projects.id, { onDelete: "cascade" }),
  role: text("role").notNull().$type<Role>(),
  createdAt: moment("created_at").notNull().defaultNow(),
  expiresAt: moment("expires_at").notNull(),
});

/** Who did what. No references: what is gone is what one wants to know about. */
export const auditEvents = pgTable(
  "audit_events",
  {
    // In the order of events, so that it pages.
    id: bigint("id", { mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    at: moment("at").notNull().defaultNow(),
    // Null for what belongs to a person.
    projectId: uuid("project_id"),
    userId: uuid("user_id"),
    actor: text("actor").notNull(),
    action: text("action").notNull().$type<AuditAction>(),
    target: text("target").notNull(),
    address: text("address").notNull(),
  },
  (table) => [
    index("audit_events_project").on(table.projectId, table.id),
    index("audit_events_user").on(table.userId, table.id),
    index("audit_events_at").on(table.at),
  ],
);

/** States of the explorer that a project keeps under a name. */
export const savedSearches = pgTable(
  "saved_searches",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    projectId: uuid("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    // Parameters of the explorer's address.
    search: text("search").notNull(),
    savedBy: uuid("saved_by").references(() => users.id, { onDelete: "set null" }),
    savedAt: moment("saved_at").notNull().defaultNow(),
  },
  (table) => [uniqueIndex("saved_searches_name").on(table.projectId, table.name)],
);
