CREATE TABLE "rate_usage" (
	"wal_id" text NOT NULL,
	"bucket" text NOT NULL,
	"taken" bigint NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL,
	"told_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "rate_usage_wal_id_bucket_pk" PRIMARY KEY("wal_id","bucket")
);
--> statement-breakpoint
CREATE INDEX "rate_usage_told" ON "rate_usage" USING btree ("told_at");