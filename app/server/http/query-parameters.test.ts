import { expect, test } from "vitest";
import { readQueryParameters } from "#app/server/http/query-parameters.ts";

function read(search: string) {
  return readQueryParameters(new URL(`http://localhost/export?${search}`), ["format"]);
}

/** The names of the fields that are refused. */
async function refusedFields(search: string): Promise<unknown> {
  try {
    return read(search);
  } catch (answer) {
    const { errors } = (await (answer as Response).json()) as { errors: { field: string }[] };
    return [(answer as Response).status, ...errors.map(({ field }) => field)];
  }
}

test("an address holds the fields of a query's body, the project and the route's own", () => {
  const { asked, own } = read(
    "project=shop&service=a&service=b&level=error&tags.host=n1&tags.a.b=c&limit=5&format=csv",
  );
  expect(own).toEqual({ format: "csv" });
  expect(asked).toMatchObject({ service: ["a", "b"], level: ["error"], limit: 5 });
  expect({ ...asked.tags }).toEqual({ host: "n1", "a.b": "c" });
  expect(asked).not.toHaveProperty("project");
});

test.each([
  ["from=now-1h&from=now-2h", "from"],
  ["tags.host=n1&tags.host=n2", "tags.host"],
  ["tags.host=n1&tags.host=n1", "tags.host"],
  ["format=csv&format=ndjson", "format"],
  ["limit=5&limit=5", "limit"],
])("%s says two things at once and is refused", async (search, field) => {
  expect(await refusedFields(search)).toEqual([400, field]);
});

test.each(["limit=", "limit=x", "limit=1.5", "limit=0"])("%s is no limit", async (search) => {
  expect(await refusedFields(search)).toEqual([400, "limit"]);
});

test.each(["bogus=1", "__proto__=x", "service[]=a", "tags=x"])("%s names no field and is refused", async (search) => {
  expect(await refusedFields(search)).toEqual([400, expect.any(String)]);
});
