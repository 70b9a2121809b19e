import { AkavelogError } from "#app/core/errors.ts";

/** HecError: the body holds nothing, or raw lines come without their channel. */
export class HecError extends AkavelogError {
  constructor(outcome: "no-data" | "channel-missing") {
    super(outcome === "no-data" ? "NO_DATA" : "CHANNEL_MISSING", `cannot read events: ${OUTCOMES[outcome].text}`);
  }
}

export type HecOutcome = keyof typeof OUTCOMES;

/** Status, code and text of Splunk's own table (https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector). */
const OUTCOMES = {
  success: { status: 200, code: 0, text: "Success" },
  "token-disabled": { status: 403, code: 1, text: "Token disabled" },
  "token-required": { status: 401, code: 2, text: "Token is required" },
  "invalid-authorization": { status: 401, code: 3, text: "Invalid authorization" },
  "invalid-token": { status: 403, code: 4, text: "Invalid token" },
  "no-data": { status: 400, code: 5, text: "No data" },
  "invalid-data": { status: 400, code: 6, text: "Invalid data format" },
  internal: { status: 503, code: 8, text: "Internal server error" },
  busy: { status: 503, code: 9, text: "Server is busy" },
  "channel-missing": { status: 400, code: 10, text: "Data channel is missing" },
  "event-required": { status: 400, code: 12, text: "Event field is required" },
  "event-blank": { status: 400, code: 13, text: "Event field cannot be blank" },
  healthy: { status: 200, code: 17, text: "HEC is healthy" },
} as const;

/** hecAnswer is Splunk's JSON for an outcome; `status` replaces the one in the table. */
export function hecAnswer(
  outcome: HecOutcome,
  options: { status?: number; headers?: Record<string, string>; extra?: Record<string, unknown> } = {},
): Response {
  const { status, code, text } = OUTCOMES[outcome];
  return Response.json(
    { text, code, ...options.extra },
    { status: options.status ?? status, headers: options.headers ?? {} },
  );
}
