import { chmod, copyFile, mkdir, open, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { Logger } from "pino";
import { EmbeddedPostgresError } from "#app/server/catalog/embedded-postgres-error.ts";
import { syncFolder } from "#app/server/catalog/sync-folder.ts";
import { canEnter, canRead, type Account } from "#app/server/catalog/system-account.ts";

export interface PrepareBinariesOptions {
  /** Who runs the binaries; null for ourselves. */
  account: Account | null;
  /** Where a copy goes when the account cannot reach the installed ones, or when they cannot be completed in place. */
  copyRoot: string;
  logger: Logger;
  /** Default: the installed package for this platform. */
  packageFolder?: string;
}

interface SymbolicLink {
  source: string;
  target: string;
}

/** prepareBinaries returns a folder with `bin`, `lib` and `share` of PostgreSQL that the account can run. */
export async function prepareBinaries(options: PrepareBinariesOptions): Promise<string> {
  const { account, copyRoot, logger, packageFolder: folder = findPackage() } = options;
  const { version } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as { version: string };
  const native = path.join(folder, "native");
  const links = await readLinks(native);
  if ((account === null || (await isReachable(account, native))) && (await completeLinks(folder, links))) return native;

  const copy = path.join(copyRoot, `postgres-${version}`);
  if ((await stat(copy).catch(() => null)) === null) {
    logger.info({ from: native, to: copy }, "copying PostgreSQL to a place where its user can reach it");
    await copyBinaries(native, copy, links);
  }
  return copy;
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The package exports its entry only, not its package.json: the folder is two levels above.
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `the package ${name} is not installed; run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own`,
      { cause },
    );
  }
}

/** The libraries' version links are not in the package: npm cannot pack links, an install script makes them from this list. */
async function readLinks(native: string): Promise<SymbolicLink[]> {
  const text = await readFile(path.join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  return JSON.parse(text) as SymbolicLink[];
}

/** Makes the links that are missing because npm ran without install scripts; false when the folder is read-only. */
async function completeLinks(root: string, links: SymbolicLink[]): Promise<boolean> {
  for (const { source, target } of links) {
    try {
      await symlink(path.basename(source), path.join(root, target));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") continue;
      // A read-only folder answers EROFS or EACCES for a link that exists, too.
      if ((await stat(path.join(root, target)).catch(() => null)) === null) return false;
    }
  }
  return true;
}

async function isReachable(account: Account, native: string): Promise<boolean> {
  const checks = [
    canEnter(account, path.join(native, "bin")),
    canEnter(account, path.join(native, "lib", "postgresql")),
    canEnter(account, path.join(native, "share", "postgresql")),
    canRead(account, path.join(native, "bin", "postgres"), true),
    canRead(account, path.join(native, "share", "postgresql", "postgres.bki")),
  ];
  return (await Promise.all(checks)).every(Boolean);
}

/** Copies beside the place and renames, so that an interrupted copy is never run. */
async function copyBinaries(native: string, copy: string, links: SymbolicLink[]): Promise<void> {
  const half = `${copy}.${process.pid}.half`;
  const copyRoot = path.dirname(copy);
  // Only a folder of our own making is opened to everybody: copyRoot may be DATA_DIR.
  if ((await mkdir(copyRoot, { recursive: true })) !== undefined) await chmod(copyRoot, 0o755);
  await rm(half, { recursive: true, force: true });
  await copyTree(native, path.join(half, "native"));
  if (!(await completeLinks(half, links)))
    throw new EmbeddedPostgresError(`the folder ${half} does not take symbolic links`);
  try {
    await rename(path.join(half, "native"), copy);
  } catch (error) {
    // Another process was first; its copy is as good.
    if ((await stat(copy).catch(() => null)) === null) throw error;
  }
  await rm(half, { recursive: true, force: true });
  await syncFolder(copyRoot);
}

/** Every file is synced: a copy cut short by a power failure would look complete for ever. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  const entries = await readdir(from, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
      if (entry.isDirectory()) return copyTree(source, target);
      // Links come from the list.
      if (!entry.isFile()) return;
      await copyFile(source, target);
      await chmod(target, (await stat(source)).mode & 0o100 ? 0o755 : 0o644);
      const handle = await open(target, "r");
      await handle.sync().finally(() => handle.close());
    }),
  );
  await syncFolder(to);
}
