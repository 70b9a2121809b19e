import type { Alerts } from "#app/server/alerts/open-alerts.ts";
import type { KeyAuthenticator } from "#app/server/auth/key-authenticator.ts";
import type { OidcClient } from "#app/server/auth/oidc-client.ts";
import type { SignInThrottle } from "#app/server/auth/sign-in-throttle.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import type { Env } from "#app/server/env.ts";
import type { Canary } from "#app/server/canary/canary.ts";
import type { IdempotencyCatalog } from "#app/server/ingest/idempotency-catalog.ts";
import type { Ingester } from "#app/server/ingest/ingester.ts";
import type { ObjectStore } from "#app/server/o3/object-store.ts";
import type { MemoryBudget } from "#app/server/protocols/memory-budget.ts";
import type { RateLimiter } from "#app/server/protocols/rate-limiter.ts";
import type { ProjectRecorder } from "#app/server/retention/project-recorder.ts";
import type { CountOptions } from "#app/server/search/count-matches.ts";
import type { QuerySlots } from "#app/server/search/query-slots.ts";
import type { SearchOptions } from "#app/server/search/search-page.ts";
import type { TailHub } from "#app/server/search/tail-hub.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Tracer } from "#app/server/system/tracer.ts";

/** Services is what routes call. */
export interface Services {
  env: Env;
  walId: string;
  clock: Clock;
  database: CatalogDatabase;
  store: ObjectStore;
  authenticator: KeyAuthenticator;
  /** Null when the operator API is off. */
  adminToken: string | null;
  /** Signs the cookies of sessions. */
  sessionSecret: string;
  tracer: Tracer;
  signIns: SignInThrottle;
  /** Null without an identity provider. */
  oidc: OidcClient | null;
  ingester: Ingester;
  idempotency: IdempotencyCatalog;
  memory: MemoryBudget;
  search: SearchOptions & CountOptions;
  querySlots: QuerySlots;
  tail: TailHub;
  projectRecorder: ProjectRecorder;
  rates: RateLimiter;
  alerts: Alerts;
  canary: Canary;
}
