import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scratchTree, type ScratchTree } from "#tests/integration/house/scratch-tree.ts";

const run = promisify(execFile);

interface Violation {
  from: string;
  rule: { name: string };
}

/** Every law of the house, each broken on purpose by one file. */
const BROKEN: Record<string, { file: string; text: string }[]> = {
  "core-is-pure": [
    { file: "app/core/looks-up.ts", text: `import { readEnv } from "#app/server/env.ts"; readEnv();` },
    { file: "app/core/uses-react.ts", text: `import { useState } from "react"; export const use = useState;` },
  ],
  "core-uses-no-node-builtins": [
    {
      file: "app/core/reads-disk.ts",
      text: `import { readFile } from "node:fs/promises"; export const read = readFile;`,
    },
  ],
  "bytes-know-no-framework": [
    { file: "app/server/ingest/http.ts", text: `import express from "express"; export const app = express();` },
    { file: "app/server/o3/sql.ts", text: `import { sql } from "drizzle-orm"; export const one = sql;` },
    { file: "app/server/search/pg.ts", text: `import postgres from "postgres"; export const db = postgres;` },
    {
      file: "app/server/system/remix.ts",
      text: `import type { AppLoadContext } from "@remix-run/server-runtime"; export type C = AppLoadContext;`,
    },
  ],
  "bytes-look-down": [
    {
      file: "app/server/ingest/env.ts",
      text: `import { readEnv } from "#app/server/env.ts"; export const e = readEnv;`,
    },
    {
      file: "app/server/search/http.ts",
      text: `import { page } from "#app/server/http/page.ts"; export const p = page;`,
    },
    {
      file: "app/server/compaction/up.ts",
      text: `import { Badge } from "#app/components/badge.tsx"; export const b = Badge;`,
    },
  ],
  "services-look-down": [
    { file: "app/server/auth/up.ts", text: `import { loader } from "#app/routes/thing.ts"; export const l = loader;` },
  ],
  "components-stay-in-the-browser": [
    {
      file: "app/components/reads.tsx",
      text: `import { page } from "#app/server/http/page.ts"; export const p = page;`,
    },
  ],
  "no-tests-in-the-app": [
    {
      file: "app/server/catalog/cheats.ts",
      text: `import { fake } from "#tests/support/fake.ts"; export const f = fake;`,
    },
  ],
  "no-cycles": [
    {
      file: "app/core/left.ts",
      text: `import { right } from "#app/core/right.ts"; export const left = () => right();`,
    },
  ],
  "no-unresolvable": [
    { file: "app/core/lost.ts", text: `import { gone } from "#app/core/gone.ts"; export const g = gone;` },
  ],
};

/** What the house allows, beside what it forbids. */
const ALLOWED: Record<string, string> = {
  // The other half of the cycle, which is reported where it was entered.
  "app/core/right.ts": `import { left } from "#app/core/left.ts"; export const right = () => left();`,
  "app/core/level.ts": `export const level = "info";`,
  "app/core/level.test.ts": `import { readFile } from "node:fs/promises"; export const read = readFile;`,
  "app/server/env.ts": `export const readEnv = () => process.env;`,
  "app/server/system/disk.ts": `import { readFile } from "node:fs/promises"; export const read = readFile;`,
  "app/server/ingest/uses-core.ts": `import { level } from "#app/core/level.ts"; import { read } from "#app/server/system/disk.ts"; export const both = [level, read];`,
  "app/server/http/page.ts": `import express from "express"; export const page = express;`,
  "app/server/catalog/rows.ts": `import { sql } from "drizzle-orm"; import { both } from "#app/server/ingest/uses-core.ts"; export const rows = [sql, both];`,
  "app/components/badge.tsx": `import { level } from "#app/core/level.ts"; export const Badge = () => level;`,
  "app/routes/thing.ts": `import { rows } from "#app/server/catalog/rows.ts"; import { Badge } from "#app/components/badge.tsx"; export const loader = [rows, Badge];`,
  "tests/support/fake.ts": `export const fake = 1;`,
};

describe("the layers check", () => {
  let tree: ScratchTree;
  let violations: Violation[];

  beforeAll(async () => {
    const broken = Object.fromEntries(
      Object.values(BROKEN)
        .flat()
        .map(({ file, text }) => [file, text]),
    );
    tree = await scratchTree({ ...ALLOWED, ...broken }, [".dependency-cruiser.cjs"]);
    const cruiser = path.resolve("node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
    const args = [cruiser, "--config", ".dependency-cruiser.cjs", "--output-type", "json", "app"];
    const output = await run(process.execPath, args, { cwd: tree.directory, maxBuffer: 64 * 1024 * 1024 }).catch(
      // It exits with the number of violations.
      (error: { stdout: string }) => error,
    );
    violations = (JSON.parse(output.stdout) as { summary: { violations: Violation[] } }).summary.violations;
  });
  afterAll(() => tree.remove());

  for (const [rule, files] of Object.entries(BROKEN)) {
    for (const { file } of files) {
      test(`names ${rule} for ${file}`, () => {
        expect(violations.filter(({ from }) => from === file).map((violation) => violation.rule.name)).toContain(rule);
      });
    }
  }

  test("accepts what the floors allow", () => {
    expect(violations.filter(({ from }) => from in ALLOWED)).toEqual([]);
  });
});
