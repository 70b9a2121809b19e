import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import { EmbeddedPostgresError } from "#app/server/catalog/embedded-postgres-error.ts";
import { canEnter, findUnprivilegedAccount, isRoot, type Account } from "#app/server/catalog/system-account.ts";

/** PostgresPlace is where the embedded server lives and whom it runs as. */
export interface PostgresPlace {
  /** DATA_DIR without symbolic links. */
  dataDir: string;
  /** PostgreSQL's own data directory. */
  cluster: string;
  /** null: we are not root and run it ourselves. */
  account: Account | null;
  /** Where copies of the binaries go. */
  copyRoot: string;
}

export interface ChoosePlaceOptions {
  dataDir: string;
  /** Where a server goes whose user cannot enter DATA_DIR. */
  sharedRoot: string;
  logger: Logger;
}

/** In DATA_DIR, names a cluster that had to be placed elsewhere. */
const LOCATION_FILE = "postgres-location";

/**
 * choosePlace decides for DATA_DIR/postgres, or for a folder under `sharedRoot` when PostgreSQL has to run as another
 * user who cannot enter DATA_DIR (/root, everything made by mkdtemp). A cluster that exists stays where it is.
 */
export async function choosePlace({ dataDir, sharedRoot, logger }: ChoosePlaceOptions): Promise<PostgresPlace> {
  await mkdir(dataDir, { recursive: true });
  const home = await realpath(dataDir);
  const inside = path.join(home, "postgres");
  const outside = path.join(sharedRoot, createHash("sha256").update(home).digest("hex").slice(0, 16), "postgres");

  if (!isRoot()) {
    await refuseWhenElsewhere(home, inside);
    return { dataDir: home, cluster: inside, account: null, copyRoot: home };
  }
  const owner = (await ownerOf(inside)) ?? (await ownerOf(outside));
  const account = owner ?? (await findUnprivilegedAccount());
  const isInside = (await ownerOf(inside)) !== null || (owner === null && (await canEnter(account, home)));
  const cluster = isInside ? inside : outside;
  if (isInside && !(await canEnter(account, home))) {
    throw new EmbeddedPostgresError(
      `the user ${account.uid}, who owns ${inside}, cannot enter ${home}; make it and the folders above searchable (chmod o+x)`,
    );
  }
  await refuseWhenElsewhere(home, cluster);
  if (!isInside) {
    await makeReachable(sharedRoot);
    await makeReachable(path.dirname(outside));
    if (owner === null) {
      logger.info(
        { cluster, dataDir: home },
        "PostgreSQL cannot run as root and its user cannot enter DATA_DIR: its data is kept elsewhere",
      );
      await writeFile(path.join(home, LOCATION_FILE), `${cluster}\n`);
    }
  }
  return { dataDir: home, cluster, account, copyRoot: sharedRoot };
}

/** Without this, a DATA_DIR that was moved would silently start with an empty database. */
async function refuseWhenElsewhere(home: string, cluster: string): Promise<void> {
  const file = path.join(home, LOCATION_FILE);
  const recorded = (await readFile(file, "utf8").catch(() => "")).trim();
  if (recorded === "" || recorded === cluster || (await ownerOf(cluster)) !== null) return;
  throw new EmbeddedPostgresError(
    `its data is in ${recorded}, which belongs to another place or user of this DATA_DIR; move that folder to ${cluster}, or delete ${file} to begin with an empty database`,
  );
}

async function ownerOf(folder: string): Promise<Account | null> {
  const found = await stat(folder).catch(() => null);
  return found === null ? null : { uid: found.uid, gid: found.gid };
}

async function makeReachable(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  // mkdir's mode is cut by the umask.
  await chmod(folder, 0o755);
}
