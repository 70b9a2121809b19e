import { expect, test } from "vitest";
import { queryFormat } from "#app/server/http/query-format.ts";

test.each([
  [null, "ndjson"],
  ["", "ndjson"],
  ["*/*", "ndjson"],
  ["image/png", "ndjson"],
  ["application/x-ndjson", "ndjson"],
  ["APPLICATION/JSON; charset=utf-8", "json"],
  ["text/event-stream", "sse"],
  ["application/json, text/plain, */*", "json"],
  ["*/*, application/json", "json"],
  ["text/event-stream, application/json", "sse"],
  ["application/json;q=0.5, text/event-stream", "sse"],
  ["text/event-stream;q=0.1,application/json; q=0.2", "json"],
  ["application/json;q=0.5, */*;q=0.9", "ndjson"],
  ["application/json;q=0.5, */*;q=0.1", "json"],
  ["application/json;q=0, */*", "ndjson"],
  ["application/json;q=0", "ndjson"],
  ["application/json;q=much", "json"],
])("Accept: %s asks for %s", (accept, format) => {
  expect(queryFormat(accept)).toBe(format);
});
