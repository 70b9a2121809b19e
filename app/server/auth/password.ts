import { hash, verify, type Algorithm } from "@node-rs/argon2";

/** OWASP's least for argon2id: 19 MiB, two passes, one lane. */
const ARGON2 = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

let decoy: Promise<string> | null = null;

/** hashPassword returns the PHC string to keep. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2);
}

/** isPassword compares; without a hash it takes as long and is false, so that nobody learns which accounts exist. */
export async function isPassword(password: string, passwordHash: string | null): Promise<boolean> {
  const isMatch = await verify(passwordHash ?? (await (decoy ??= hashPassword("decoy"))), password);
  return isMatch && passwordHash !== null;
}
