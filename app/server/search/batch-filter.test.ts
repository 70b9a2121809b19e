import { expect, test } from "vitest";
import { queryRequestSchema, toPredicate } from "#app/core/query-request.ts";
import { batchFilter } from "#app/server/search/batch-filter.ts";

function filterOf(body: object): object {
  const request = queryRequestSchema.parse(body);
  const predicate = toPredicate(request);
  if (predicate instanceof Error) throw predicate;
  const { order, limit } = request;
  const { services, levels, tags } = batchFilter({
    projectId: "p",
    range: { fromNs: 0n, toNs: 10n },
    predicate,
    order,
    limit,
    behind: null,
  });
  return { ...(services && { services }), ...(levels && { levels }), ...(tags && { tags }) };
}

test.each<[body: object, filter: object]>([
  [{}, {}],
  [{ query: "service:web" }, { services: ["web"] }],
  [{ query: "service:(web OR api) level:>=error x" }, { services: ["web", "api"], levels: ["error", "fatal"] }],
  [{ query: "host:a env:b" }, { tags: { host: "a", env: "b" } }],
  [{ query: "__proto__:a" }, { tags: { ["__proto__"]: "a" } }],
  [{ service: ["a", "b"], query: "service:b" }, { services: ["b"] }],
  [{ service: "a", query: "service:(b OR c)" }, { services: ["a"] }],
  [
    { level: "warn", query: "(service:web)" },
    { services: ["web"], levels: ["warn"] },
  ],
  // What need not hold prunes nothing.
  [{ query: "service:web OR x" }, {}],
  [{ query: "-service:web -level:error -host:a" }, {}],
  [{ query: "(service:web OR host:a) x" }, {}],
  [{ query: "service:web* host:a* host:/a/ host:* host:>5" }, {}],
  [{ query: "host:(a OR b)" }, {}],
  // PostgreSQL takes no NUL.
  [{ query: 'service:"a\0" host:"a\0" a\\\0:b' }, {}],
])("%j prunes by %j", (body, filter) => {
  expect(filterOf(body)).toEqual(filter);
});

test("a page behind a cursor needs only the batches from there on", () => {
  const page = {
    projectId: "p",
    range: { fromNs: 0n, toNs: 10n },
    predicate: { kind: "all" as const, of: [] },
    limit: 1,
  };
  const behind = { timestampNs: 5n, id: "x" };
  expect(batchFilter({ ...page, order: "asc", behind })).toMatchObject({ fromNs: 5n, toNs: 10n });
  expect(batchFilter({ ...page, order: "desc", behind })).toMatchObject({ fromNs: 0n, toNs: 6n });
});
