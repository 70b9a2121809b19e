import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { EmbeddedPostgresError } from "#app/server/catalog/embedded-postgres-error.ts";

/** Account is whom a child process runs as. */
export interface Account {
  uid: number;
  gid: number;
}

/** Has no rights anywhere, and exists on every Linux and macOS. */
const UNPRIVILEGED_USER = "nobody";

/** isRoot is true when this process may, and for PostgreSQL must, start children as somebody else. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** findUnprivilegedAccount reads the account of `nobody` from /etc/passwd. */
export async function findUnprivilegedAccount(): Promise<Account> {
  const lines = (await readFile("/etc/passwd", "utf8").catch(() => "")).split("\n");
  for (const line of lines) {
    const [name, , uid, gid] = line.split(":");
    if (name === UNPRIVILEGED_USER && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL refuses to run as root and there is no user "${UNPRIVILEGED_USER}" in /etc/passwd; run Akavelog as an ordinary user or set DATABASE_URL`,
  );
}

/** canEnter tells whether an account may search a folder and all folders above it. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    if (!isPermitted(account, await stat(current), 0o1)) return false;
    if (current === path.dirname(current)) return true;
  }
}

/** canRead tells whether an account may read (and with `execute` also run) a file in a folder that it can enter. */
export async function canRead(account: Account, file: string, execute = false): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found !== null && isPermitted(account, found, execute ? 0o5 : 0o4);
}

/** The kernel asks only the first class that fits: an owner without a bit is refused even when everybody else has it. */
function isPermitted(account: Account, { mode, uid, gid }: Stats, bits: number): boolean {
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}
