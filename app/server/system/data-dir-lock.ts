import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { AkavelogError } from "#app/core/errors.ts";

/** DataDirLockedError: another living process has this DATA_DIR. */
export class DataDirLockedError extends AkavelogError {
  constructor(directory: string, pid: number) {
    super(
      "DATA_DIR_LOCKED",
      `cannot use ${directory}: process ${pid} is using it; stop that one or set another DATA_DIR`,
    );
  }
}

interface LockOwner {
  pid: number;
  /** Tells a process from a later one of the same pid; in a container the app is always pid 1. */
  startedAt: string;
  token: string;
}

const LOCK_FILE = "lock";

/**
 * lockDataDir takes the folder for this process and returns what gives it back. The lock of a dead process is taken over:
 * it is moved aside by a rename, which only one of several can do, and the new one is linked into place, which fails
 * when another was quicker. Throws DataDirLockedError.
 */
export async function lockDataDir(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const lockPath = path.join(directory, LOCK_FILE);
  const own: LockOwner = { pid: process.pid, startedAt: await startOf(process.pid), token: randomUUID() };
  const ownPath = `${lockPath}.${own.token}`;
  await writeFile(ownPath, JSON.stringify(own), { mode: 0o644 });
  try {
    for (;;) {
      try {
        await link(ownPath, lockPath);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const owner = await readOwner(lockPath);
      if (owner !== null && (await isAlive(owner))) throw new DataDirLockedError(directory, owner.pid);
      await rename(lockPath, `${ownPath}.stale`).catch(ignoreMissing);
      await rm(`${ownPath}.stale`, { force: true });
    }
  } finally {
    await rm(ownPath, { force: true });
  }
  return async () => {
    const owner = await readOwner(lockPath);
    if (owner?.token === own.token) await unlink(lockPath).catch(ignoreMissing);
  };
}

async function readOwner(lockPath: string): Promise<LockOwner | null> {
  try {
    return JSON.parse(await readFile(lockPath, "utf8")) as LockOwner;
  } catch {
    // Gone, or cut by a power failure: then nobody holds it.
    return null;
  }
}

async function isAlive(owner: LockOwner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return (await startOf(owner.pid)) === owner.startedAt;
}

/** The boot and the tick at which a process started; where /proc is missing, only the pid counts. */
async function startOf(pid: number): Promise<string> {
  try {
    const [boot, stat] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    // The 22nd field; the second, the command's name in parentheses, may itself hold spaces.
    return `${boot.trim()} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return "unknown";
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
