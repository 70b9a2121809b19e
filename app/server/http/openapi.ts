import { z } from "zod";
import { alertPreviewSchema, alertRuleSchema, updateAlertRuleSchema } from "#app/core/alert-rule.ts";
import { createApiKeySchema, createProjectSchema, updateProjectSchema } from "#app/core/project.ts";
import { queryRequestSchema } from "#app/core/query-request.ts";
import { ANSWERS } from "#app/server/http/openapi-answers.ts";
import { PROBLEM, PROBLEM_COMPONENTS, PROBLEM_CONTENT } from "#app/server/http/openapi-problem.ts";
import { contextRequestSchema, facetsRequestSchema, histogramRequestSchema } from "#app/core/read-requests.ts";

type Json = Record<string, unknown>;

/** Who may call: a project's key, the operator, or anybody. */
type Caller = "key" | "operator" | "anybody";

interface Operation {
  summary: string;
  caller: Caller;
  /** JSON schema of the body. */
  body?: Json;
  parameters?: Json[];
  /** What the good answer is: its status, media types and, where it is JSON, its schema. */
  answers: Record<string, { description: string; content?: Json }>;
}

/** Of the contract, not of the program. */
const CONTRACT_VERSION = "1.0.0";
const ANY_OBJECT = { type: "object", additionalProperties: true };
const ENTRIES = {
  "application/x-ndjson": { schema: { type: "string" } },
  "text/event-stream": { schema: { type: "string" } },
  "application/json": { schema: bodySchema(ANSWERS.page) },
};

/** openapiDocument is this server's contract as OpenAPI 3.1; bodies are described by the schemas that check them. */
export function openapiDocument(nowMs: number): Json {
  const paths: Json = {};
  for (const [path, methods] of Object.entries(operations(nowMs))) {
    const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => parameter("path", name ?? ""));
    paths[path] = {
      ...(parameters.length === 0 ? {} : { parameters }),
      ...Object.fromEntries(Object.entries(methods).map(([method, one]) => [method, toOpenapi(one)])),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Akavelog",
      version: CONTRACT_VERSION,
      description: "Logs over HTTP, safe on disk before they are acknowledged.",
    },
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        bearer: { type: "http", scheme: "bearer", description: "An API key, or the operator's token." },
      },
      ...PROBLEM_COMPONENTS,
    },
  };
}

function operations(nowMs: number): Record<string, Record<string, Operation>> {
  const query = bodySchema(queryRequestSchema);
  const filterParameters = [
    ...["query", "keyword"].map((name) => parameter("query", name)),
    ...["service", "level"].map((name) => parameter("query", name, { type: "array", items: { type: "string" } })),
    parameter("query", "tags", ANY_OBJECT, "Each as `tags.<key>=<value>`."),
  ];
  const rangeParameters = ["from", "to", "order", "cursor"].map((name) => parameter("query", name));
  const json = (description: string, answer: keyof typeof ANSWERS, status = "200") => ({
    [status]: { description, content: { "application/json": { schema: bodySchema(ANSWERS[answer]) } } },
  });
  const deleted = { "204": { description: "It is gone." } };
  return {
    "/ingest": {
      post: {
        summary: "Take in log entries",
        caller: "key",
        parameters: [
          parameter("query", "wait", { const: "commit" }),
          parameter("header", "Idempotency-Key", { type: "string", maxLength: 255 }),
          parameter("header", "Content-Encoding", { enum: ["gzip", "deflate", "zstd", "identity"] }),
        ],
        body: { description: "An entry, an array of entries, or entries one after another." },
        answers: {
          ...json("Committed (`wait=commit`).", "committed"),
          ...json("Durable on this machine's disk.", "durable", "202"),
          "422": {
            description: "Every record is refused; or the `Idempotency-Key` was used with another body.",
            content: { "application/json": { schema: bodySchema(ANSWERS.refused) }, ...PROBLEM_CONTENT },
          },
        },
      },
    },
    "/query": {
      post: {
        summary: "Find entries",
        caller: "key",
        body: query,
        answers: { "200": { description: "The matches and, last, `end`.", content: ENTRIES } },
      },
    },
    "/histogram": {
      post: {
        summary: "Count matches by level over time",
        caller: "key",
        body: bodySchema(histogramRequestSchema),
        answers: json("The buckets.", "histogram"),
      },
    },
    "/facets": {
      post: {
        summary: "Count matches by the values of fields",
        caller: "key",
        body: bodySchema(facetsRequestSchema),
        answers: json("The fields and their most frequent values.", "facets"),
      },
    },
    "/context": {
      post: {
        summary: "The lines around a line",
        caller: "key",
        body: bodySchema(contextRequestSchema),
        answers: json("The lines, ascending.", "context"),
      },
    },
    "/tail": {
      get: {
        summary: "Follow entries as they arrive",
        caller: "key",
        parameters: filterParameters,
        answers: {
          "200": {
            description: "Events `entry`, `dropped` and `heartbeat`.",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
        },
      },
    },
    "/export": {
      get: {
        summary: "Every match as a file",
        caller: "key",
        parameters: [
          ...filterParameters,
          ...rangeParameters,
          parameter("query", "format", { enum: ["ndjson", "csv"], default: "ndjson" }),
          parameter("query", "limit", { type: "integer", minimum: 1 }),
        ],
        answers: {
          "200": {
            description: "The matches; the last line tells a whole file from a cut one.",
            content: {
              "application/x-ndjson": { schema: { type: "string" } },
              "text/csv": { schema: { type: "string" } },
            },
          },
        },
      },
    },
    "/projects": {
      get: { summary: "All projects", caller: "operator", answers: json("The projects.", "projects") },
      post: {
        summary: "Make a project and its first key",
        caller: "operator",
        body: bodySchema(createProjectSchema),
        answers: json("The project, and its key this once.", "newProject", "201"),
      },
    },
    "/projects/current": {
      get: { summary: "The project of the key used", caller: "key", answers: json("The project.", "currentProject") },
    },
    "/projects/{id}": {
      get: { summary: "One project", caller: "operator", answers: json("The project.", "project") },
      patch: {
        summary: "Rename a project or change its retention",
        caller: "operator",
        body: bodySchema(updateProjectSchema),
        answers: json("The project.", "project"),
      },
      delete: { summary: "Delete a project with its entries", caller: "operator", answers: deleted },
    },
    "/projects/{id}/keys": {
      get: {
        summary: "A project's keys",
        caller: "operator",
        answers: json("The keys, without their secrets.", "keys"),
      },
      post: {
        summary: "Make a key",
        caller: "operator",
        body: bodySchema(createApiKeySchema(nowMs)),
        answers: json("The key, this once.", "newKey", "201"),
      },
    },
    "/projects/{id}/keys/{keyId}": {
      delete: { summary: "Revoke a key", caller: "operator", answers: deleted },
    },
    "/projects/{id}/keys/{keyId}/rotate": {
      post: {
        summary: "Replace a key",
        caller: "operator",
        answers: json("The new key, this once.", "newKey", "201"),
      },
    },
    "/alerts": {
      get: {
        summary: "The project's alert rules",
        caller: "key",
        answers: json("The rules, without secrets.", "rules"),
      },
      post: {
        summary: "Make an alert rule",
        caller: "key",
        body: bodySchema(alertRuleSchema),
        answers: json("The rule.", "rule", "201"),
      },
    },
    "/alerts/preview": {
      post: {
        summary: "What a rule would have done over the last day",
        caller: "key",
        body: bodySchema(alertPreviewSchema),
        answers: json("The counts of each window, and what would have been told.", "preview"),
      },
    },
    "/alerts/{id}": {
      get: {
        summary: "One rule, its groups and deliveries",
        caller: "key",
        answers: json("The rule.", "ruleWithHistory"),
      },
      patch: {
        summary: "Change a rule",
        caller: "key",
        body: bodySchema(updateAlertRuleSchema),
        answers: json("The rule.", "rule"),
      },
      delete: { summary: "Delete a rule with its history", caller: "key", answers: deleted },
    },
    "/alerts/{id}/events": {
      get: {
        summary: "The history of a rule, newest first",
        caller: "key",
        parameters: [
          parameter("query", "limit", { type: "integer", minimum: 1, maximum: 1_000 }),
          parameter("query", "cursor"),
        ],
        answers: json("The events, each with a link to the matching logs.", "events"),
      },
    },
    "/alerts/{id}/test": {
      post: {
        summary: "Send a test to each target of a rule",
        caller: "key",
        answers: json("What became of it at each target.", "testResults"),
      },
    },
    "/healthz": { get: { summary: "The process lives", caller: "anybody", answers: json("It does.", "alive") } },
    "/readyz": {
      get: {
        summary: "Whether this process takes logs",
        caller: "anybody",
        answers: {
          ...json("It does; what else is wrong.", "ready"),
          ...json("It does not; why, and what else is wrong.", "notReady", "503"),
        },
      },
    },
    "/metrics": {
      get: {
        summary: "Figures for Prometheus",
        caller: "anybody",
        answers: { "200": { description: "The figures.", content: { "text/plain": { schema: { type: "string" } } } } },
      },
    },
    "/openapi.json": {
      get: { summary: "This document", caller: "anybody", answers: json("OpenAPI 3.1.", "contract") },
    },
  };
}

function toOpenapi({ summary, caller, body, parameters, answers }: Operation): Json {
  const security = { key: [{ apiKey: [] }, { bearer: [] }], operator: [{ bearer: [] }], anybody: [] }[caller];
  return {
    summary,
    security,
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: { "application/json": { schema: body } } } }),
    responses: { ...answers, default: PROBLEM },
  };
}

function parameter(place: string, name: string, schema: Json = { type: "string" }, description?: string): Json {
  return { name, in: place, required: place === "path", schema, ...(description === undefined ? {} : { description }) };
}

function bodySchema(schema: z.ZodType): Json {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return described;
}
