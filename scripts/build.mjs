/**
 * Builds the app: `node scripts/build.mjs` always, with `--when-stale` only when a source is newer than the build.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = path.join(root, "build/stamp");
const lock = path.join(root, "node_modules/.cache/akavelog-build.lock");
const SOURCES = [
  "app",
  "public",
  "server.ts",
  "vite.config.ts",
  "remix.config.js",
  "tsconfig.json",
  "package.json",
  "package-lock.json",
];

/** isBuildStale compares the newest source with the moment at which the last whole build began. */
export function isBuildStale() {
  if (!existsSync(stamp) || !existsSync(path.join(root, "build/server/index.js"))) return true;
  const builtAtMs = statSync(stamp).mtimeMs;
  return SOURCES.some((source) => newestMtimeMs(path.join(root, source)) > builtAtMs);
}

/** buildWhenStale builds at most once, also when several test processes ask at the same time. */
export async function buildWhenStale() {
  if (!isBuildStale()) return;
  const release = await takeLock();
  try {
    if (isBuildStale()) build();
  } finally {
    release();
  }
}

function build() {
  const startedAt = new Date();
  const remix = path.join(root, "node_modules/@remix-run/dev/dist/cli.js");
  rmSync(stamp, { force: true });
  // The server's build keeps its names and lines, so traces can be read as they are: maps, which Node would load for every
  // package as well, would hold 20 MB.
  execFileSync(process.execPath, [remix, "vite:build", "--logLevel", "warn"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NODE_ENV: "production" },
  });
  // A source that changed while it was being built is newer than this.
  writeFileSync(stamp, "");
  utimesSync(stamp, startedAt, startedAt);
}

/** A folder counts too: removing a file changes nothing else. Tests are no part of the build. */
function newestMtimeMs(source) {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) return 0;
  if (!found.isDirectory()) return /\.test\.tsx?$/.test(source) ? 0 : found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(source).map((name) => newestMtimeMs(path.join(source, name))));
}

async function takeLock() {
  mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!isOwnerAlive()) rmSync(lock, { force: true });
    else await sleep(200);
  }
}

function isOwnerAlive() {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes("--when-stale")) rmSync(stamp, { force: true });
  await buildWhenStale();
}
