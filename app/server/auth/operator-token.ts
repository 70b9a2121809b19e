import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { AkavelogError } from "#app/core/errors.ts";
import type { Env } from "#app/server/env.ts";

const TOKEN_FILE = "admin-token";
const MIN_TOKEN_LENGTH = 32;

/**
 * readOperatorToken returns the configured token, or makes one. Embedded, the operator is whoever can read DATA_DIR; with a
 * database of its own the process is one of several, and a token that only one of them knows would be of no use.
 */
export async function readOperatorToken(env: Env): Promise<string | null> {
  if (!isMadeHere(env)) return env.adminToken;
  const file = path.resolve(env.dataDir, TOKEN_FILE);
  try {
    await writeFile(file, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const token = (await readFile(file, "utf8")).trim();
  if (token.length < MIN_TOKEN_LENGTH) {
    throw new AkavelogError("BAD_SECRET", `cannot start: ${file} is empty or cut; remove it to get a new one`);
  }
  return token;
}

/** operatorTokenInShell is what a shell in the server's folder puts in the token's place; null when there is none. */
export function operatorTokenInShell(env: Env): string | null {
  if (isMadeHere(env)) return `$(cat ${path.join(env.dataDir, TOKEN_FILE)})`;
  return env.adminToken === null ? null : "$AKAVELOG_ADMIN_TOKEN";
}

function isMadeHere(env: Env): boolean {
  return env.adminToken === null && env.databaseUrl === null;
}
