import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { AkavelogError } from "#app/core/errors.ts";

const MIN_SECRET_LENGTH = 32;

/** readLocalSecret returns the secret in `DATA_DIR/<name>`, made at the first start and readable by its owner alone. */
export async function readLocalSecret(dataDir: string, name: string): Promise<string> {
  const file = path.resolve(dataDir, name);
  try {
    await writeFile(file, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const secret = (await readFile(file, "utf8")).trim();
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new AkavelogError("BAD_SECRET", `cannot start: ${file} is empty or cut; remove it to get a new one`);
  }
  return secret;
}
