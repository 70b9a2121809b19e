import { drizzle } from "drizzle-orm/postgres-js";
import { expect, test } from "vitest";
import { wordedOnce } from "#app/server/catalog/worded-once.ts";

interface Wording {
  parts: number;
}

function countBuilds() {
  const builds: number[] = [];
  const statement = wordedOnce(
    "find",
    (_, { parts }: Wording) => {
      builds.push(parts);
      const answers = (how: string) => ({ execute: (values: object) => Promise.resolve({ how, values }) });
      return { ...answers("unprepared"), prepare: () => answers("prepared") };
    },
    ({ parts }) => parts < 2,
  );
  return { builds, statement };
}

test("a wording is built once for a pool of connections, whatever its values", async () => {
  const { builds, statement } = countBuilds();
  const [first, second] = [drizzle.mock(), drizzle.mock()];
  for (const a of [1, 2])
    expect(await statement(first, { parts: 0 }).execute({ a })).toEqual({ how: "prepared", values: { a } });
  expect(builds).toEqual([0]);
  statement(first, { parts: 1 });
  statement(second, { parts: 0 });
  statement(second, { parts: 0 });
  expect(builds).toEqual([0, 1, 0]);
});

test("a wording of which there may be any number is built each time, and not prepared", async () => {
  const { builds, statement } = countBuilds();
  const db = drizzle.mock();
  for (let again = 0; again < 2; again++)
    expect(await statement(db, { parts: 2 }).execute({})).toMatchObject({ how: "unprepared" });
  expect(builds).toEqual([2, 2]);
});
