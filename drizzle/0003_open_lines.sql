ALTER TABLE "projects" ADD COLUMN "open_lines" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "keep_raw_lines" boolean DEFAULT false NOT NULL;