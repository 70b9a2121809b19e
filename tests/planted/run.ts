import { spawn } from "node:child_process";
import { cp, mkdtemp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { PLANTED_BUGS, type PlantedBug } from "#tests/planted/planted-bugs.ts";

/**
 * `npm run test:planted [words of a name]` plants one bug after the other in a copy of the sources and runs the test that
 * has to notice it, having seen that it passes without. `-- --fast` leaves out those that need a build.
 */
const ROOT = path.resolve(import.meta.dirname, "../..");
const COPIED = [
  "app",
  "tests",
  "drizzle",
  "scripts",
  "public",
  "server.ts",
  "env.d.ts",
  "package.json",
  "tsconfig.json",
  "vite.config.ts",
  "vitest.config.ts",
  "remix.config.js",
];

const isFast = process.argv.includes("--fast");
const words = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const chosen = PLANTED_BUGS.filter(({ name, isSlow }) => {
  return !(isFast && isSlow === true) && words.every((word) => name.includes(word));
});

const tree = await copyTree();
/** Each test runs once in the sound tree. */
const soundRuns = new Map<string, string | null>();
let missed = 0;
try {
  for (const bug of chosen) {
    const startedMs = Date.now();
    const outcome = (await failureWithoutBug(bug.caughtBy)) ?? (await plant(bug));
    if (outcome !== "caught") missed++;
    say(
      `${outcome === "caught" ? "caught" : "MISSED"}  ${bug.name}  (${bug.caughtBy.file}, ${Math.round((Date.now() - startedMs) / 1000)} s)`,
    );
    if (outcome !== "caught") say(outcome);
  }
} finally {
  await rm(tree, { recursive: true, force: true });
}
say(`${chosen.length - missed} of ${chosen.length} planted bugs were caught`);
process.exitCode = missed === 0 ? 0 : 1;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function copyTree(): Promise<string> {
  const cache = path.join(ROOT, "node_modules/.cache");
  await mkdir(cache, { recursive: true });
  const copy = await mkdtemp(path.join(cache, "planted-"));
  for (const name of COPIED) await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  await symlink(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
  return copy;
}

/** What makes the named test fail without any bug: then it would catch this one and every other by chance. */
async function failureWithoutBug(caughtBy: PlantedBug["caughtBy"]): Promise<string | null> {
  const name = JSON.stringify(caughtBy);
  let failure = soundRuns.get(name);
  if (failure === undefined) {
    const { code, output } = await runTest(caughtBy);
    failure = code === 0 ? null : `the test fails without the bug too\n${output.slice(-3_000)}`;
    soundRuns.set(name, failure);
  }
  return failure;
}

/** "caught" when a claim of the named test fails; otherwise what happened instead. */
async function plant({ file, find, replace, caughtBy }: PlantedBug): Promise<string> {
  const target = path.join(tree, file);
  const sound = await readFile(target, "utf8");
  const places = sound.split(find).length - 1;
  if (places !== 1) return `the text to replace stands ${places} times in ${file}`;
  await writeFile(
    target,
    sound.replace(find, () => replace),
  );
  try {
    const { code, output } = await runTest(caughtBy);
    // A test that cannot even be loaded has noticed nothing.
    const hasFailed = code !== 0 && /Tests +\d+ failed/.test(output);
    return hasFailed ? "caught" : output.slice(-3_000);
  } finally {
    await writeFile(target, sound);
  }
}

function runTest({ project, file, env }: PlantedBug["caughtBy"]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const vitest = path.join(ROOT, "node_modules/vitest/vitest.mjs");
    const options = ["run", "--project", project, "--bail", "1", "--no-color", file];
    const child = spawn(process.execPath, [vitest, ...options], {
      cwd: tree,
      env: { ...process.env, UV_THREADPOOL_SIZE: "16", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)));
    child.on("close", (code) => resolve({ code, output }));
  });
}
