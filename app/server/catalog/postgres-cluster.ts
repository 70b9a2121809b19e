import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import { reasonOf } from "#app/core/errors.ts";
import { EmbeddedPostgresError } from "#app/server/catalog/embedded-postgres-error.ts";
import type { PostgresPlace } from "#app/server/catalog/postgres-place.ts";
import { syncFolder } from "#app/server/catalog/sync-folder.ts";
import type { Account } from "#app/server/catalog/system-account.ts";

export const POSTGRES_USER = "akavelog";

/** Children get this and nothing of ours: PGPORT, PGDATA, LC_* and TZ would each change what they do. */
export const POSTGRES_ENVIRONMENT = { LC_ALL: "C", TZ: "UTC" };

const PASSWORD_FILE = "postgres-password";

/** A hanging initdb should become a message; it takes about a second. */
const INITDB_TIMEOUT_MS = 120_000;

/** ensureCluster makes the database files when there are none and returns the password of POSTGRES_USER. */
export async function ensureCluster(place: PostgresPlace, binaries: string, logger: Logger): Promise<string> {
  await removeStaging(place.cluster, logger);
  const exists = (await stat(path.join(place.cluster, "PG_VERSION")).catch(() => null)) !== null;
  const password = await ensurePassword(path.join(place.dataDir, PASSWORD_FILE), exists);
  if (!exists) await initialiseCluster(place, binaries, password);
  return password;
}

/** The password is durable before the cluster that knows it: no crash leaves a cluster that nobody can open. */
async function ensurePassword(file: string, clusterExists: boolean): Promise<string> {
  const kept = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new EmbeddedPostgresError(`its password file ${file} cannot be read: ${error.message}`, { cause: error });
  });
  if (kept !== null) return kept.trim();
  if (clusterExists)
    throw new EmbeddedPostgresError(`its password file ${file} is gone; restore it from your backup of DATA_DIR`);
  const password = randomBytes(24).toString("base64url");
  const half = `${file}.half`;
  await rm(half, { force: true });
  const handle = await open(half, "wx", 0o600);
  await handle
    .writeFile(`${password}\n`)
    .then(() => handle.sync())
    .finally(() => handle.close());
  await rename(half, file);
  await syncFolder(path.dirname(file));
  return password;
}

function stagingPrefix(cluster: string): string {
  return `${path.basename(cluster)}-half-`;
}

/** What an initdb that was killed in the middle left behind. */
async function removeStaging(cluster: string, logger: Logger): Promise<void> {
  const parent = path.dirname(cluster);
  for (const name of await readdir(parent)) {
    if (!name.startsWith(stagingPrefix(cluster))) continue;
    logger.info({ folder: name }, "removing the rest of an interrupted initdb");
    // That initdb may still be alive and writing. What it leaves goes at the next start.
    await rm(path.join(parent, name), { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
      logger.warn({ folder: name, reason: reasonOf(error) }, "cannot remove the rest of an interrupted initdb");
    });
  }
}

/** initdb works in a folder beside and syncs its files; the cluster appears under its name only when it is whole. */
async function initialiseCluster(
  { cluster, account }: PostgresPlace,
  binaries: string,
  password: string,
): Promise<void> {
  const staging = path.join(path.dirname(cluster), stagingPrefix(cluster) + randomBytes(6).toString("hex"));
  const passwordFile = path.join(staging, "password");
  const data = path.join(staging, "data");
  await mkdir(staging, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== null) {
    await chown(passwordFile, account.uid, account.gid);
    await chown(staging, account.uid, account.gid);
  }
  await runInitdb(binaries, staging, account, [
    `--pgdata=${data}`,
    `--username=${POSTGRES_USER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
  ]);
  await rename(data, cluster);
  await syncFolder(path.dirname(cluster));
  await rm(staging, { recursive: true, force: true });
}

function runInitdb(binaries: string, cwd: string, account: Account | null, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // The user may not be allowed into our own working directory, so it gets one of its own.
    const child = spawn(path.join(binaries, "bin", "initdb"), args, {
      ...account,
      cwd,
      env: POSTGRES_ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: INITDB_TIMEOUT_MS,
    });
    let output = "";
    const collect = (chunk: Buffer) => (output = (output + chunk.toString("utf8")).slice(-2_000));
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (cause) =>
      reject(new EmbeddedPostgresError(`initdb does not start: ${cause.message}`, { cause })),
    );
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else
        reject(new EmbeddedPostgresError(`initdb failed (${signal ?? `exit code ${code}`}): ${complaintIn(output)}`));
    });
  });
}

/** initdb tells at length what it does; whoever reads of its failure wants what it could not do. */
function complaintIn(output: string): string {
  const lines = output.trim().split("\n");
  return (lines.find((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.slice(-3).join(" ")).trim();
}
