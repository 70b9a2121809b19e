/** `npm run reset-password -- ada@example.org`: gives an account a new password, prints it, and signs the account out everywhere. */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { pino } from "pino";
import { hashPassword } from "#app/server/auth/password.ts";
import { setPassword } from "#app/server/catalog/users.ts";
import { lockDataDir } from "#app/server/system/data-dir-lock.ts";
import { openIndex } from "#scripts/open-index.ts";
import { runCommand } from "#scripts/run-command.ts";

const email = process.argv[2]?.trim().toLowerCase();
if (email === undefined || email === "") {
  console.error("Name the account: npm run reset-password -- ada@example.org");
  process.exit(1);
}
await runCommand(async (env, closers) => {
  const logger = pino({ level: env.logLevel === "info" ? "warn" : env.logLevel }, pino.destination(2));
  // The embedded database belongs to a running server; another one takes several callers.
  if (env.databaseUrl === null) closers.push(await lockDataDir(path.resolve(env.dataDir)));
  const database = await openIndex(env, logger, closers);
  const password = randomBytes(15).toString("base64url");
  if (await setPassword(database, { email, passwordHash: await hashPassword(password) })) {
    console.log(`New password of ${email}: ${password}`);
  } else {
    console.error(`cannot reset the password: there is no account ${email}`);
    process.exitCode = 1;
  }
});
