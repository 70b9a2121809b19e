CREATE TABLE "compaction_leases" (
	"project_id" uuid NOT NULL,
	"partition" text NOT NULL,
	"owner" text NOT NULL,
	"until" timestamp with time zone NOT NULL,
	CONSTRAINT "compaction_leases_project_id_partition_pk" PRIMARY KEY("project_id","partition")
);
--> statement-breakpoint
ALTER TABLE "log_batches" DROP CONSTRAINT "log_batches_state";--> statement-breakpoint
ALTER TABLE "log_batches" ADD COLUMN "state_since" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "log_batches" ADD COLUMN "lineage" jsonb;--> statement-breakpoint
ALTER TABLE "log_batches" ADD COLUMN "tail_start" bigint;--> statement-breakpoint
ALTER TABLE "log_batches" ADD COLUMN "tail_sha256" text;--> statement-breakpoint
ALTER TABLE "log_batches" ADD COLUMN "tokeniser" smallint;--> statement-breakpoint
ALTER TABLE "log_batches" ADD COLUMN "received_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
CREATE INDEX "log_batches_unsettled" ON "log_batches" USING btree ("state","state_since") WHERE "log_batches"."state" in ('building', 'superseded', 'locked');--> statement-breakpoint
ALTER TABLE "log_batches" ADD CONSTRAINT "log_batches_state" CHECK ("log_batches"."state" in ('stored', 'missing', 'building', 'superseded', 'locked'));