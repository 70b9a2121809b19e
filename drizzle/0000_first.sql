CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"key_sha256" text NOT NULL,
	"scopes" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "api_keys_key_sha256_unique" UNIQUE("key_sha256")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"project_id" uuid NOT NULL,
	"key" text NOT NULL,
	"digest" text NOT NULL,
	"owner_wal_id" text NOT NULL,
	"claim_id" uuid NOT NULL,
	"taken_over" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone,
	"status" smallint,
	"body" text,
	CONSTRAINT "idempotency_keys_project_id_key_pk" PRIMARY KEY("project_id","key")
);
--> statement-breakpoint
CREATE TABLE "log_batches" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"wal_id" text NOT NULL,
	"batch_no" bigint NOT NULL,
	"o3_object_key" text NOT NULL,
	"sha256" text NOT NULL,
	"tier" smallint DEFAULT 0 NOT NULL,
	"generation" integer DEFAULT 0 NOT NULL,
	"state" text DEFAULT 'stored' NOT NULL,
	"entries" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	"raw_bytes" bigint NOT NULL,
	"ts_start" bigint NOT NULL,
	"ts_end" bigint NOT NULL,
	"services" text[],
	"levels" text[] NOT NULL,
	"tags" jsonb NOT NULL,
	"promoted_keys" text[] DEFAULT '{}'::text[] NOT NULL,
	"committed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "log_batches_o3_object_key_unique" UNIQUE("o3_object_key"),
	CONSTRAINT "log_batches_state" CHECK ("log_batches"."state" in ('stored', 'missing')),
	CONSTRAINT "log_batches_tier" CHECK ("log_batches"."tier" in (0, 1))
);
--> statement-breakpoint
CREATE TABLE "log_counts" (
	"batch_id" uuid NOT NULL,
	"minute" integer NOT NULL,
	"service" text NOT NULL,
	"level" text NOT NULL,
	"count" bigint NOT NULL,
	CONSTRAINT "log_counts_batch_id_minute_service_level_pk" PRIMARY KEY("batch_id","minute","service","level")
);
--> statement-breakpoint
CREATE TABLE "processes" (
	"wal_id" text PRIMARY KEY NOT NULL,
	"heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"retention_days" integer DEFAULT 30 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "projects_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "wal_commits" (
	"wal_id" text NOT NULL,
	"batch_no" bigint NOT NULL,
	"project_id" uuid NOT NULL,
	"committed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "wal_commits_wal_id_batch_no_pk" PRIMARY KEY("wal_id","batch_no")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "log_batches" ADD CONSTRAINT "log_batches_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "log_counts" ADD CONSTRAINT "log_counts_batch_id_log_batches_id_fk" FOREIGN KEY ("batch_id") REFERENCES "public"."log_batches"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_project" ON "api_keys" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_owner" ON "idempotency_keys" USING btree ("owner_wal_id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "log_batches_project_time" ON "log_batches" USING btree ("project_id","ts_end" DESC NULLS LAST,"ts_start");