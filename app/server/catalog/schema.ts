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
  uuid,
} from "drizzle-orm/pg-core";
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
    // Names one call of claim(), so that a claim whose reply was lost can be found again.
    claimId: uuid("claim_id").notNull(),
    // The row must stay long enough for the replay of the WAL it was taken from.
    takenOver: boolean("taken_over").notNull().default(false),
    createdAt: moment("created_at").notNull().defaultNow(),
    completedAt: moment("completed_at"),
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
});
