import { expect } from "vitest";
import type { ShipperName } from "#tests/support/shipper-bodies.ts";

/** Expectation is a status and what the body holds; a string is the whole body. */
export type Expectation = [status: number, body?: object | string];

/** Answers is what a protocol says in each situation. */
export interface Answers {
  good: Expectation;
  noKey: Expectation;
  wrongKey: Expectation;
  /** The good ones are stored. */
  oneBad: Expectation;
  allBad: Expectation;
  empty: Expectation;
  truncated: Expectation;
  bomb: Expectation;
  rate: Expectation;
  busy: Expectation;
}

const text = expect.any(String) as string;
const status = (code: number, message: unknown = text) => ({ code, message });
const problem = (code: number): Expectation => [code, { status: code, detail: text }];
const elastic = (code: number, type: string): Expectation => [code, { error: { type, reason: text }, status: code }];
const datadog = (code: number): Expectation => [code, { errors: [{ status: String(code), detail: text }] }];
const seq = (code: number): Expectation => [code, { Error: text }];
const journal = (code: number): Expectation => [code, text];
const loki = (code: number): Expectation => [code, text];

const lokiAnswers: Answers = {
  good: [204, ""],
  noKey: loki(401),
  wrongKey: loki(401),
  oneBad: loki(400),
  allBad: loki(400),
  empty: loki(400),
  truncated: loki(400),
  bomb: loki(413),
  rate: loki(429),
  busy: loki(503),
};
const seqAnswers: Answers = {
  good: [201, { MinimumLevelAccepted: null }],
  noKey: seq(401),
  wrongKey: seq(401),
  oneBad: [201, { MinimumLevelAccepted: null }],
  allBad: seq(400),
  empty: seq(400),
  truncated: seq(400),
  bomb: seq(413),
  rate: seq(429),
  busy: seq(503),
};

/** ANSWERS are what makes the real clients of each protocol repeat or drop. */
export const ANSWERS: Record<Exclude<ShipperName, "otlp protobuf">, Answers> = {
  ingest: {
    good: [202, { accepted: 1, rejected: 0 }],
    noKey: problem(401),
    wrongKey: problem(401),
    oneBad: [202, { accepted: 1, rejected: 1, errors: [{ index: 1, reason: text }] }],
    allBad: [422, { accepted: 0, rejected: 1 }],
    empty: [202, { accepted: 0 }],
    truncated: [422, { accepted: 0, rejected: 1 }],
    bomb: problem(413),
    rate: problem(429),
    busy: problem(503),
  },
  "otlp json": {
    good: [200, "{}"],
    noKey: [401, status(16)],
    wrongKey: [401, status(16)],
    oneBad: [200, { partialSuccess: { rejectedLogRecords: "1", errorMessage: text } }],
    allBad: [200, { partialSuccess: { rejectedLogRecords: "1" } }],
    empty: [400, status(3)],
    truncated: [400, status(3)],
    bomb: [413, status(3)],
    rate: [429, status(8)],
    busy: [503, status(14)],
  },
  "loki protobuf": lokiAnswers,
  "loki json": lokiAnswers,
  elasticsearch: {
    good: [200, { errors: false, items: [{ create: { _index: "logs", status: 201 } }] }],
    noKey: elastic(401, "security_exception"),
    wrongKey: elastic(401, "security_exception"),
    oneBad: [
      200,
      {
        errors: true,
        items: [
          { create: { status: 201 } },
          { create: { status: 400, error: { type: "document_parsing_exception", reason: text } } },
        ],
      },
    ],
    allBad: [200, { errors: true, items: [{ create: { status: 400 } }] }],
    empty: elastic(400, "illegal_argument_exception"),
    truncated: [200, { errors: true, items: [{ create: { status: 400 } }] }],
    bomb: elastic(413, "content_too_long_exception"),
    rate: elastic(429, "es_rejected_execution_exception"),
    busy: elastic(503, "unavailable_shards_exception"),
  },
  splunk: {
    good: [200, { text: "Success", code: 0 }],
    noKey: [401, { code: 2 }],
    wrongKey: [403, { code: 4 }],
    oneBad: [400, { code: 6, "invalid-event-number": 1 }],
    allBad: [400, { code: 6, "invalid-event-number": 0 }],
    empty: [400, { code: 5 }],
    truncated: [400, { code: 6, "invalid-event-number": 0 }],
    bomb: [413, { code: 6 }],
    rate: [429, { code: 9 }],
    busy: [503, { code: 9 }],
  },
  datadog: {
    good: [202, "{}"],
    noKey: datadog(401),
    wrongKey: datadog(403),
    oneBad: [202, "{}"],
    allBad: datadog(400),
    empty: datadog(400),
    truncated: datadog(400),
    bomb: datadog(413),
    rate: datadog(429),
    busy: datadog(503),
  },
  gelf: {
    good: [202, ""],
    noKey: problem(401),
    wrongKey: problem(401),
    oneBad: [202, ""],
    allBad: problem(400),
    empty: problem(400),
    truncated: problem(400),
    bomb: problem(413),
    rate: problem(429),
    busy: problem(503),
  },
  seq: seqAnswers,
  // Lines: one that is cut is one bad event, and none is nothing.
  clef: { ...seqAnswers, empty: [201, { MinimumLevelAccepted: null }] },
  journald: {
    good: [202, "OK.\n"],
    noKey: journal(401),
    wrongKey: journal(401),
    // Any other status would stop the uploader for good.
    oneBad: [202, "OK.\n"],
    allBad: [202, "OK.\n"],
    empty: [202, "OK.\n"],
    truncated: journal(400),
    bomb: journal(202),
    rate: [202, "OK.\n"],
    busy: journal(503),
  },
};

/** expectAnswer compares an answer, and expects of every one what they all have. */
export async function expectAnswer(answer: Response, [code, body]: Expectation): Promise<void> {
  const sent = await answer.text();
  expect([answer.status, sent]).toEqual([code, expect.anything()]);
  if (typeof body === "string") expect(sent).toBe(body);
  else if (body !== undefined && "asymmetricMatch" in body) expect(sent).toEqual(body);
  else if (body !== undefined) expect(JSON.parse(sent)).toMatchObject(body);
  expect(sent).not.toMatch(/\bat .+:\d+:\d+|node_modules/);
  expect(answer.headers.get("x-request-id")).toMatch(/\S{8,}/);
  if (code === 429 || code === 503) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  if (code === 401) expect(answer.headers.get("www-authenticate")).toContain("Bearer");
}
