import { AkavelogError } from "#app/core/errors.ts";
import { problem, type ProblemOptions } from "#app/server/http/problem.ts";
import type { Logger } from "#app/server/system/logger.ts";

interface ErrorAnswer {
  status: number;
  title: string;
  /** What the caller reads. `message` passes on the error's own text, which must then hold nothing internal. */
  detail: string | { from: "message" };
  /** Seconds until another try makes sense; an error's own `retryAfterMs` goes before it. */
  retryAfterS?: number;
  headers?: Record<string, string>;
}

const NOT_READY: ErrorAnswer = {
  status: 503,
  title: "Not ready",
  detail: "This server is starting or stopping. Try again.",
  retryAfterS: 2,
};

const BEARER = { "www-authenticate": 'Bearer realm="akavelog"' };

/** Every AkavelogError code and its answer. A code that is not here answers 500 and is logged as unknown. */
const ANSWERS = {
  OBJECT_STORE: {
    status: 503,
    title: "Object store unavailable",
    detail: "The object store did not answer as it should. Try again.",
    retryAfterS: 5,
  },
  OBJECT_NOT_FOUND: {
    status: 503,
    title: "Object not readable",
    detail: "An object that should be in the store could not be found. Try again.",
    retryAfterS: 5,
  },
  OBJECT_STORE_DENIED: {
    status: 503,
    title: "Object store refused access",
    detail: "The object store does not accept this server's credentials or bucket. Its log has the details.",
    retryAfterS: 30,
  },
  OBJECT_NOT_VERIFIED: {
    status: 503,
    title: "Object not verified",
    detail: "The object store did not give back what was put there. Try again.",
    retryAfterS: 5,
  },
  OBJECT_HASH_REFUSED: {
    status: 500,
    title: "Object refused",
    detail: "An object's bytes changed on their way to the store. The server's log names it.",
  },
  OBJECT_EXISTS: {
    status: 500,
    title: "Object refused",
    detail: "Other bytes are stored under an object's key already. The server's log names it.",
  },
  CATALOG_UNAVAILABLE: {
    status: 503,
    title: "Database unavailable",
    detail: "The metadata index did not answer. Try again.",
    retryAfterS: 5,
  },
  CATALOG_DATA: {
    status: 500,
    title: "Metadata refused",
    detail: "The metadata index refused this data. The server's log tells why.",
  },
  BACKLOG_FULL: {
    status: 503,
    title: "Too much waits",
    detail: { from: "message" },
    retryAfterS: 5,
  },
  WAL_CLOSED: {
    status: 503,
    title: "Stopping",
    detail: "This server is stopping. Try again.",
    retryAfterS: 5,
  },
  WAL_FULL: {
    status: 503,
    title: "Disk full",
    detail: "There is no room on disk to keep this safe. Try again.",
    retryAfterS: 30,
  },
  WAL_FAILED: {
    status: 503,
    title: "Disk failed",
    detail: "This could not be made safe on disk, so it counts as not received. Try again.",
    retryAfterS: 5,
  },
  CORRUPT_OBJECT: {
    status: 500,
    title: "Stored data damaged",
    detail: "An object in the store does not hold the bytes that were put there. The server's log names it.",
  },
  ENGINE_FAILED: {
    status: 503,
    title: "Search failed",
    detail: "Compacted objects could not be searched. Try again.",
    retryAfterS: 2,
  },
  SCAN_FAILED: {
    status: 503,
    title: "Search failed",
    detail: "Lines that are not compacted could not be searched. Try again.",
    retryAfterS: 2,
  },
  COMPACTION_FAILED: {
    status: 500,
    title: "Compaction failed",
    detail: "Objects could not be compacted. The server's log tells why.",
  },
  BAD_PROJECT_RECORD: {
    status: 500,
    title: "Stored data damaged",
    detail: "A project's record cannot be read back. The server's log names it.",
  },
  CORRUPT_BATCH: {
    status: 500,
    title: "Stored data damaged",
    detail: "A batch cannot be read back. The server's log names it.",
  },
  NOT_STARTED: NOT_READY,
  QUERY_BUSY: { status: 429, title: "Too many queries", detail: { from: "message" }, retryAfterS: 2 },
  INVALID_QUERY: { status: 400, title: "Query not understood", detail: { from: "message" } },
  KEY_MISSING: {
    status: 401,
    title: "Unauthorized",
    detail: "Send an API key as X-API-Key or as Authorization: Bearer.",
    headers: BEARER,
  },
  KEY_UNKNOWN: {
    status: 401,
    title: "Unauthorized",
    detail: "The API key is unknown, expired or revoked.",
    headers: BEARER,
  },
  SCOPE_MISSING: { status: 403, title: "Forbidden", detail: "The API key lacks the scope ingest." },
  RATE_LIMITED: {
    status: 429,
    title: "Too much sent",
    detail: { from: "message" },
    retryAfterS: 1,
  },
  NO_DATA: { status: 400, title: "No data", detail: "The body holds no event." },
  CHANNEL_MISSING: { status: 400, title: "Channel missing", detail: "Raw events need X-Splunk-Request-Channel." },
  BODY_REFUSED: { status: 400, title: "Body refused", detail: { from: "message" } },
  KEY_RUNNING: { status: 409, title: "Still running", detail: { from: "message" }, retryAfterS: 1 },
  KEY_REUSED: { status: 422, title: "Idempotency-Key reused", detail: { from: "message" } },
  KEY_ORPHANED: { status: 503, title: "Outcome unknown", detail: { from: "message" }, retryAfterS: 5 },
  UNUSABLE_RULE: { status: 422, title: "Unusable rule", detail: { from: "message" } },
  // Of deliveries; they stand in the delivery log and meet no caller.
  DELIVERY: { status: 502, title: "Not delivered", detail: { from: "message" } },
  REFUSED_ADDRESS: { status: 502, title: "Not delivered", detail: { from: "message" } },
  SEALED_TARGET: { status: 500, title: "Secret not readable", detail: { from: "message" } },
  OIDC_UNAVAILABLE: {
    status: 503,
    title: "Identity provider unavailable",
    detail: "The identity provider did not answer as it should. Try again, or sign in with a password.",
    retryAfterS: 5,
  },
  OIDC_REFUSED: { status: 403, title: "Sign-in refused", detail: { from: "message" } },
  // These end a start, so at most a request that came too early meets them.
  BAD_SECRET: NOT_READY,
  CANNOT_START: NOT_READY,
  DATA_DIR_LOCKED: NOT_READY,
  EMBEDDED_POSTGRES: NOT_READY,
  INVALID_ENV: NOT_READY,
  UNUSABLE_DATABASE: NOT_READY,
} satisfies Record<string, ErrorAnswer>;

const answers: ReadonlyMap<string, ErrorAnswer> = new Map(Object.entries(ANSWERS));

/** isMappedErrorCode tells whether an error code has an answer of its own. */
export function isMappedErrorCode(code: string): boolean {
  return answers.has(code);
}

/**
 * errorResponse is the answer to anything thrown below a route: the only place where error codes become HTTP.
 * A Response that was thrown is the answer itself.
 */
export function errorResponse(error: unknown, context: ErrorContext): Response {
  return error instanceof Response ? error : problem(describeError(error, context));
}

interface ErrorContext {
  requestId: string;
  logger: Logger;
}

/** Refusal is an error on its way to the sender, before it has the shape of any wire format. */
export interface Refusal extends ProblemOptions {
  /** The error's code, or INTERNAL. */
  code: string;
}

/** describeError is errorResponse for wire formats that have a shape of their own for refusals. */
export function describeError(error: unknown, context: ErrorContext): Refusal {
  const answer = error instanceof AkavelogError ? answers.get(error.code) : undefined;
  if (!(error instanceof AkavelogError) || answer === undefined) {
    context.logger.error({ err: error, requestId: context.requestId }, "cannot answer request: unexpected error");
    return describeInternal(context.requestId);
  }
  const status = statusOf(error) ?? answer.status;
  if (status >= 500) {
    context.logger.warn({ err: error, requestId: context.requestId }, "request failed");
  }
  const retryAfterS = retryAfterSecondsOf(error) ?? answer.retryAfterS;
  return {
    code: error.code,
    status,
    title: answer.title,
    detail: typeof answer.detail === "string" ? answer.detail : error.message,
    type: `/problems/${error.code.toLowerCase().replaceAll("_", "-")}`,
    headers: {
      ...answer.headers,
      ...headersOf(error),
      ...(retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) }),
    },
    extra: { ...positionOf(error), ...fieldsOf(error) },
  };
}

/** internalProblem says nothing of the cause; the request id leads to it in the log. */
export function internalProblem(requestId: string): Response {
  return problem(describeInternal(requestId));
}

function describeInternal(requestId: string): Refusal {
  return {
    code: "INTERNAL",
    status: 500,
    title: "Internal Server Error",
    detail: `Something went wrong on the server. Its log has the details under request id ${requestId}.`,
    extra: { requestId },
  };
}

/** An error whose family spans several statuses carries its own. */
function statusOf(error: AkavelogError): number | undefined {
  return "status" in error && typeof error.status === "number" ? error.status : undefined;
}

function headersOf(error: AkavelogError): Record<string, string> {
  return "headers" in error ? (error.headers as Record<string, string>) : {};
}

function retryAfterSecondsOf(error: AkavelogError): number | undefined {
  if (!("retryAfterMs" in error) || typeof error.retryAfterMs !== "number" || error.retryAfterMs <= 0) return undefined;
  return Math.max(1, Math.ceil(error.retryAfterMs / 1000));
}

/** Which fields of what was sent are wrong. */
function fieldsOf(error: AkavelogError): Record<string, unknown> {
  return "errors" in error && Array.isArray(error.errors) ? { errors: error.errors } : {};
}

function positionOf(error: AkavelogError): Record<string, unknown> {
  return "position" in error && typeof error.position === "number" ? { position: error.position } : {};
}
