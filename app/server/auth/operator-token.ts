import { readLocalSecret } from "#app/server/auth/local-secret.ts";
import type { Env } from "#app/server/env.ts";

const TOKEN_FILE = "admin-token";

/**
 * readOperatorToken returns the configured token, or makes one. Embedded, the operator is whoever can read DATA_DIR; with a
 * database of its own the process is one of several, and a token that only one of them knows would be of no use.
 */
export async function readOperatorToken(env: Env): Promise<string | null> {
  return isMadeHere(env) ? await readLocalSecret(env.dataDir, TOKEN_FILE) : env.adminToken;
}

function isMadeHere(env: Env): boolean {
  return env.adminToken === null && env.databaseUrl === null;
}
