CREATE TABLE "alert_evaluations" (
	"rule_id" uuid NOT NULL,
	"group_key" text NOT NULL,
	"window_end" bigint NOT NULL,
	"value" bigint NOT NULL,
	"is_partial" boolean NOT NULL,
	CONSTRAINT "alert_evaluations_rule_id_group_key_window_end_pk" PRIMARY KEY("rule_id","group_key","window_end")
);
--> statement-breakpoint
CREATE TABLE "alert_events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"rule_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"group_key" text NOT NULL,
	"type" text NOT NULL,
	"reason" text NOT NULL,
	"value" double precision NOT NULL,
	"rule_name" text NOT NULL,
	"condition" jsonb NOT NULL,
	"log_query" text NOT NULL,
	"window_from" bigint NOT NULL,
	"window_end" bigint NOT NULL,
	"is_partial" boolean NOT NULL,
	"is_notified" boolean NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "alert_groups" (
	"rule_id" uuid NOT NULL,
	"group_key" text NOT NULL,
	"status" text NOT NULL,
	"streak" integer NOT NULL,
	"value" bigint NOT NULL,
	"since" bigint,
	"seen" bigint,
	"notified" bigint,
	CONSTRAINT "alert_groups_rule_id_group_key_pk" PRIMARY KEY("rule_id","group_key")
);
--> statement-breakpoint
CREATE TABLE "alert_rules" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"project_id" uuid NOT NULL,
	"name" text NOT NULL,
	"query" text NOT NULL,
	"kind" text NOT NULL,
	"window" text NOT NULL,
	"condition" jsonb NOT NULL,
	"group_by" text,
	"for_windows" integer NOT NULL,
	"notify_resolved" boolean NOT NULL,
	"repeat_every" text,
	"silenced_until" timestamp with time zone,
	"enabled" boolean NOT NULL,
	"notify" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"evaluated_to" bigint NOT NULL,
	"needs_known_groups" boolean NOT NULL,
	"failure" text,
	"failed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "alert_watch" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"lease_owner" text,
	"lease_until" timestamp with time zone,
	"seen_at" timestamp with time zone NOT NULL,
	"gap_from" timestamp with time zone,
	"gap_to" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "notifications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"event_id" uuid,
	"rule_id" uuid NOT NULL,
	"target_id" text NOT NULL,
	"target_name" text NOT NULL,
	"group_key" text NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "notifications_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lease_owner" text,
	"lease_until" timestamp with time zone,
	"last_status" smallint,
	"last_error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"settled_at" timestamp with time zone,
	CONSTRAINT "notifications_state" CHECK ("notifications"."state" in ('pending', 'delivered', 'failed'))
);
--> statement-breakpoint
ALTER TABLE "processes" ADD COLUMN "committed_through" bigint;--> statement-breakpoint
ALTER TABLE "alert_evaluations" ADD CONSTRAINT "alert_evaluations_rule_id_alert_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."alert_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_events" ADD CONSTRAINT "alert_events_rule_id_alert_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."alert_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_groups" ADD CONSTRAINT "alert_groups_rule_id_alert_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."alert_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alert_rules" ADD CONSTRAINT "alert_rules_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_event_id_alert_events_id_fk" FOREIGN KEY ("event_id") REFERENCES "public"."alert_events"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notifications" ADD CONSTRAINT "notifications_rule_id_alert_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."alert_rules"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "alert_evaluations_end" ON "alert_evaluations" USING btree ("window_end");--> statement-breakpoint
CREATE INDEX "alert_events_rule" ON "alert_events" USING btree ("rule_id","window_end" DESC NULLS LAST,"id");--> statement-breakpoint
CREATE INDEX "alert_rules_project" ON "alert_rules" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "notifications_pending" ON "notifications" USING btree ("next_attempt_at") WHERE "notifications"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "notifications_rule" ON "notifications" USING btree ("rule_id","position" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "notifications_order" ON "notifications" USING btree ("rule_id","target_id","group_key","position") WHERE "notifications"."state" = 'pending';