import type { z } from "zod";
import { AkavelogError } from "#app/core/errors.ts";
import { parseCidrs } from "#app/server/alerts/public-address.ts";
import { envSchema, type GivenEnv } from "#app/server/env-schema.ts";
import type { RateLimits } from "#app/server/protocols/rate-limiter.ts";

/** Env is the configuration of one process; `.env.example` explains every variable. */
export type Env = ReturnType<typeof toEnv>;

/** InvalidEnvError: the process must not start; the message names every variable that is wrong and how to mend it. */
export class InvalidEnvError extends AkavelogError {
  constructor(problems: string[]) {
    super("INVALID_ENV", `cannot start: ${problems.join("; ")}`);
  }
}

/** Where no burst is set, whoever was quiet may send this long's worth at once. */
const RATE_LIMIT_BURST_S = 10;

const O3_VARIABLES = ["O3_ENDPOINT", "O3_BUCKET", "O3_REGION", "O3_ACCESS_KEY_ID", "O3_SECRET_ACCESS_KEY"] as const;

const OIDC_VARIABLES = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] as const;

/** readEnv is the only reader of the environment. Throws InvalidEnvError. */
export function readEnv(variables: NodeJS.ProcessEnv = process.env): Env {
  // `SESSION_SECRET=` is an empty secret, which must not count as none; an empty anything else is not set.
  const given = Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => value !== "" || isSecretName(name)),
  );
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) throw new InvalidEnvError(problemsOf(parsed.error));
  const problems = relationProblems(parsed.data);
  if (problems.length > 0) throw new InvalidEnvError(problems);
  return toEnv(parsed.data);
}

/** One for each variable: a second one would say the same in other words. */
function problemsOf({ issues }: z.ZodError): string[] {
  const problems = new Map<string, string>();
  for (const { path, message } of issues) {
    const name = path.join(".");
    if (!problems.has(name)) problems.set(name, `${name} ${message}`);
  }
  return [...problems.values()];
}

function isSecretName(name: string): boolean {
  return name === "SESSION_SECRET" || name === "METRICS_TOKEN" || name === "AKAVELOG_ADMIN_TOKEN";
}

function relationProblems(given: GivenEnv): string[] {
  const problems: string[] = [];
  const missing = O3_VARIABLES.filter((name) => given[name] === undefined);
  if (missing.length > 0 && missing.length < O3_VARIABLES.length) {
    problems.push(`the object store needs ${missing.join(", ")} as well`);
  }
  if (given.DATABASE_URL !== undefined && given.SESSION_SECRET === undefined) {
    problems.push("SESSION_SECRET must be given with DATABASE_URL, since all processes share it");
  }
  const missingOidc = OIDC_VARIABLES.filter((name) => given[name] === undefined);
  if (missingOidc.length > 0 && missingOidc.length < OIDC_VARIABLES.length) {
    problems.push(`the identity provider needs ${missingOidc.join(", ")} as well`);
  }
  if ((given.AKAVELOG_ADMIN_EMAIL === undefined) !== (given.AKAVELOG_ADMIN_PASSWORD === undefined)) {
    problems.push("AKAVELOG_ADMIN_EMAIL and AKAVELOG_ADMIN_PASSWORD need each other");
  }
  for (const transport of ["TCP", "UDP"] as const) {
    const isPortGiven = given[`SYSLOG_${transport}_PORT`] !== undefined;
    if (isPortGiven !== (given[`SYSLOG_${transport}_KEY`] !== undefined)) {
      problems.push(`SYSLOG_${transport}_PORT and SYSLOG_${transport}_KEY need each other`);
    }
  }
  return problems;
}

/** SyslogListenerEnv is one port that takes syslog for the project of one key. */
export interface SyslogListenerEnv {
  transport: "tcp" | "udp";
  host: string;
  port: number;
  key: string;
}

function syslogListeners(given: GivenEnv): SyslogListenerEnv[] {
  const host = given.SYSLOG_HOST ?? given.HOST;
  const listeners: SyslogListenerEnv[] = [];
  if (given.SYSLOG_TCP_PORT !== undefined && given.SYSLOG_TCP_KEY !== undefined) {
    listeners.push({ transport: "tcp", host, port: given.SYSLOG_TCP_PORT, key: given.SYSLOG_TCP_KEY });
  }
  if (given.SYSLOG_UDP_PORT !== undefined && given.SYSLOG_UDP_KEY !== undefined) {
    listeners.push({ transport: "udp", host, port: given.SYSLOG_UDP_PORT, key: given.SYSLOG_UDP_KEY });
  }
  return listeners;
}

function rateLimits(given: GivenEnv): RateLimits {
  const limits = [
    limitOf("project", "bytes", given.RATE_LIMIT_BYTES_PER_S, given.RATE_LIMIT_BURST_BYTES),
    limitOf("project", "records", given.RATE_LIMIT_RECORDS_PER_S, given.RATE_LIMIT_BURST_RECORDS),
    limitOf("key", "bytes", given.RATE_LIMIT_KEY_BYTES_PER_S, given.RATE_LIMIT_KEY_BURST_BYTES),
    limitOf("key", "records", given.RATE_LIMIT_KEY_RECORDS_PER_S, given.RATE_LIMIT_KEY_BURST_RECORDS),
  ];
  return limits.filter(({ quota }) => quota.perS > 0);
}

function limitOf(owner: "project" | "key", unit: "bytes" | "records", perS: number, burst: number) {
  return { owner, unit, quota: { perS, burst: burst || perS * RATE_LIMIT_BURST_S } };
}

function toEnv(given: GivenEnv) {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = given;
  const { O3_ENDPOINT, O3_BUCKET, O3_REGION, O3_ACCESS_KEY_ID, O3_SECRET_ACCESS_KEY } = given;
  return {
    host: given.HOST,
    port: given.PORT,
    publicUrl: given.PUBLIC_URL?.replace(/\/+$/, "") ?? null,
    trustProxy: given.TRUST_PROXY === "true",
    logLevel: given.LOG_LEVEL,
    dataDir: given.DATA_DIR,
    databaseUrl: given.DATABASE_URL ?? null,
    o3:
      O3_ENDPOINT && O3_BUCKET && O3_REGION && O3_ACCESS_KEY_ID && O3_SECRET_ACCESS_KEY
        ? {
            endpoint: O3_ENDPOINT,
            bucket: O3_BUCKET,
            region: O3_REGION,
            accessKeyId: O3_ACCESS_KEY_ID,
            secretAccessKey: O3_SECRET_ACCESS_KEY,
          }
        : null,
    metricsToken: given.METRICS_TOKEN ?? null,
    adminToken: given.AKAVELOG_ADMIN_TOKEN ?? null,
    sessionSecret: given.SESSION_SECRET ?? null,
    oidc:
      OIDC_ISSUER && OIDC_CLIENT_ID && OIDC_CLIENT_SECRET
        ? { issuer: OIDC_ISSUER, clientId: OIDC_CLIENT_ID, clientSecret: OIDC_CLIENT_SECRET }
        : null,
    firstUser:
      given.AKAVELOG_ADMIN_EMAIL === undefined || given.AKAVELOG_ADMIN_PASSWORD === undefined
        ? null
        : { email: given.AKAVELOG_ADMIN_EMAIL, password: given.AKAVELOG_ADMIN_PASSWORD },
    batch: { maxEntries: given.BATCH_MAX_ENTRIES, maxBytes: given.BATCH_MAX_BYTES, maxAgeMs: given.BATCH_MAX_AGE_MS },
    bufferMaxBytes: given.BUFFER_MAX_BYTES,
    walMaxBytes: given.WAL_MAX_BYTES,
    cacheMaxBytes: given.CACHE_MAX_BYTES,
    ingest: {
      maxBodyBytes: given.INGEST_MAX_BODY_BYTES,
      maxInflatedBytes: given.INGEST_MAX_INFLATED_BYTES,
      memoryMaxBytes: given.INGEST_MEMORY_MAX_BYTES,
    },
    rateLimits: rateLimits(given),
    syslog: syslogListeners(given),
    maxQueryMs: given.QUERY_MAX_MS,
    maxExportMs: given.EXPORT_MAX_MS,
    maxProjectQueries: given.QUERY_MAX_CONCURRENT,
    maxQueries: given.QUERY_MAX_TOTAL,
    compaction: {
      intervalMs: given.COMPACT_INTERVAL_MS,
      minAgeMs: given.COMPACT_MIN_AGE_MS,
      graceMs: given.COMPACT_GRACE_MS,
    },
    retention: {
      intervalMs: given.RETENTION_INTERVAL_MS,
      sweepIntervalMs: given.SWEEP_INTERVAL_MS,
      graceMs: given.COMPACT_GRACE_MS,
    },
    canaryIntervalMs: given.CANARY_INTERVAL_MS,
    // Where to, and with what headers, OpenTelemetry reads by itself.
    telemetry:
      given.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : { traceShare: given.OTEL_TRACES_SAMPLER_ARG, metricIntervalMs: given.OTEL_METRIC_EXPORT_INTERVAL },
    idempotencyTakeoverMs: given.IDEMPOTENCY_TAKEOVER_MS,
    alerts: {
      intervalMs: given.ALERT_INTERVAL_MS,
      offsetMs: given.ALERT_OFFSET_MS,
      maxQueryMs: given.ALERT_QUERY_MAX_MS,
      webhookAllowCidrs: parseCidrs(given.WEBHOOK_ALLOW_CIDRS) ?? [],
      smtp:
        given.SMTP_URL === undefined
          ? null
          : { smtpUrl: given.SMTP_URL, from: given.SMTP_FROM ?? `Akavelog <akavelog@${mailDomain(given.PUBLIC_URL)}>` },
    },
  };
}

/** Mail servers ask who sends; the name that users type is the best that is known. */
function mailDomain(publicUrl: string | undefined): string {
  return publicUrl === undefined ? "localhost" : new URL(publicUrl).hostname;
}
