ALTER TABLE "processes" ADD COLUMN "follows" uuid[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "processes" ADD COLUMN "follows_at" timestamp with time zone;