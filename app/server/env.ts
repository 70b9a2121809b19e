import { z } from "zod";
import { AkavelogError } from "#app/core/errors.ts";

/** Env is the configuration of one process; `.env.example` explains every variable. */
export type Env = ReturnType<typeof toEnv>;

/** InvalidEnvError: the process must not start; the message names every variable that is wrong and how to mend it. */
export class InvalidEnvError extends AkavelogError {
  constructor(problems: string[]) {
    super("INVALID_ENV", `cannot start: ${problems.join("; ")}`);
  }
}

const MIB = 1024 * 1024;
const MIN_SECRET_LENGTH = 32;

/** Without RATE_LIMIT_BURST_BYTES a project that was quiet may send this long's worth at once. */
const RATE_LIMIT_BURST_S = 10;

const bytes = (fallback: number, least = 1) => z.coerce.number().int().min(least).default(fallback);
const milliseconds = (fallback: number, least = 1) => z.coerce.number().int().min(least).default(fallback);

/** A secret that stands in an example is known to everyone. */
const secret = z
  .string()
  .min(MIN_SECRET_LENGTH, `must have at least ${MIN_SECRET_LENGTH} characters; make one with: openssl rand -hex 32`)
  .refine(
    (text) => !/change.?me|example|secret|password|your/i.test(text),
    "is an example; make one with: openssl rand -hex 32",
  )
  .refine((text) => new Set(text).size >= 8, "repeats a few characters; make one with: openssl rand -hex 32");

const envSchema = z.object({
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  TRUST_PROXY: z.enum(["true", "false"]).default("false"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  DATA_DIR: z.string().min(1).default("./data"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must begin with postgres://")
    .optional(),
  O3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  O3_BUCKET: z.string().min(1).optional(),
  O3_REGION: z.string().min(1).optional(),
  O3_ACCESS_KEY_ID: z.string().min(1).optional(),
  O3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  SESSION_SECRET: secret.optional(),
  AKAVELOG_ADMIN_TOKEN: secret.optional(),
  METRICS_TOKEN: z.string().min(16, "must have at least 16 characters; make one with: openssl rand -hex 32").optional(),
  BATCH_MAX_ENTRIES: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  BATCH_MAX_BYTES: bytes(8 * MIB, 1024),
  BATCH_MAX_AGE_MS: milliseconds(30_000),
  BUFFER_MAX_BYTES: bytes(32 * MIB, 1024),
  WAL_MAX_BYTES: bytes(2048 * MIB, MIB),
  CACHE_MAX_BYTES: bytes(1024 * MIB),
  INGEST_MAX_BODY_BYTES: bytes(10 * MIB),
  INGEST_MAX_INFLATED_BYTES: bytes(64 * MIB),
  INGEST_MEMORY_MAX_BYTES: bytes(192 * MIB, MIB),
  RATE_LIMIT_BYTES_PER_S: bytes(0, 0),
  RATE_LIMIT_BURST_BYTES: bytes(0, 0),
  SYSLOG_HOST: z.string().min(1).optional(),
  SYSLOG_TCP_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  SYSLOG_TCP_KEY: z.string().optional(),
  SYSLOG_UDP_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  SYSLOG_UDP_KEY: z.string().optional(),
  QUERY_MAX_MS: milliseconds(60_000),
  EXPORT_MAX_MS: milliseconds(3_600_000),
  QUERY_MAX_CONCURRENT: z.coerce.number().int().min(1).max(1_000).default(8),
  COMPACT_GRACE_MS: milliseconds(600_000, 0),
  RETENTION_INTERVAL_MS: milliseconds(3_600_000),
  SWEEP_INTERVAL_MS: milliseconds(86_400_000),
  IDEMPOTENCY_TAKEOVER_MS: milliseconds(600_000),
});

const O3_VARIABLES = ["O3_ENDPOINT", "O3_BUCKET", "O3_REGION", "O3_ACCESS_KEY_ID", "O3_SECRET_ACCESS_KEY"] as const;

/** readEnv is the only reader of the environment. Throws InvalidEnvError. */
export function readEnv(variables: NodeJS.ProcessEnv = process.env): Env {
  // `SESSION_SECRET=` is an empty secret, which must not count as none; an empty anything else is not set.
  const given = Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => value !== "" || isSecretName(name)),
  );
  const parsed = envSchema.safeParse(given);
  if (!parsed.success) {
    throw new InvalidEnvError(parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`));
  }
  const problems = relationProblems(parsed.data);
  if (problems.length > 0) throw new InvalidEnvError(problems);
  return toEnv(parsed.data);
}

function isSecretName(name: string): boolean {
  return name === "SESSION_SECRET" || name === "METRICS_TOKEN" || name === "AKAVELOG_ADMIN_TOKEN";
}

function relationProblems(given: z.infer<typeof envSchema>): string[] {
  const problems: string[] = [];
  const missing = O3_VARIABLES.filter((name) => given[name] === undefined);
  if (missing.length > 0 && missing.length < O3_VARIABLES.length) {
    problems.push(`the object store needs ${missing.join(", ")} as well`);
  }
  if (given.DATABASE_URL !== undefined && given.SESSION_SECRET === undefined) {
    problems.push("SESSION_SECRET must be given with DATABASE_URL, since all processes share it");
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

function syslogListeners(given: z.infer<typeof envSchema>): SyslogListenerEnv[] {
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

function toEnv(given: z.infer<typeof envSchema>) {
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
    batch: { maxEntries: given.BATCH_MAX_ENTRIES, maxBytes: given.BATCH_MAX_BYTES, maxAgeMs: given.BATCH_MAX_AGE_MS },
    bufferMaxBytes: given.BUFFER_MAX_BYTES,
    walMaxBytes: given.WAL_MAX_BYTES,
    cacheMaxBytes: given.CACHE_MAX_BYTES,
    ingest: {
      maxBodyBytes: given.INGEST_MAX_BODY_BYTES,
      maxInflatedBytes: given.INGEST_MAX_INFLATED_BYTES,
      memoryMaxBytes: given.INGEST_MEMORY_MAX_BYTES,
    },
    rateLimit:
      given.RATE_LIMIT_BYTES_PER_S === 0
        ? null
        : {
            bytesPerS: given.RATE_LIMIT_BYTES_PER_S,
            burstBytes: given.RATE_LIMIT_BURST_BYTES || given.RATE_LIMIT_BYTES_PER_S * RATE_LIMIT_BURST_S,
          },
    syslog: syslogListeners(given),
    maxQueryMs: given.QUERY_MAX_MS,
    maxExportMs: given.EXPORT_MAX_MS,
    maxProjectQueries: given.QUERY_MAX_CONCURRENT,
    retention: {
      intervalMs: given.RETENTION_INTERVAL_MS,
      sweepIntervalMs: given.SWEEP_INTERVAL_MS,
      graceMs: given.COMPACT_GRACE_MS,
    },
    idempotencyTakeoverMs: given.IDEMPOTENCY_TAKEOVER_MS,
  };
}
