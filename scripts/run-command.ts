import { AkavelogError } from "#app/core/errors.ts";
import { readEnv, type Env } from "#app/server/env.ts";
import { toStartError } from "#app/server/start-error.ts";

/** Closers are how to close what was opened, in the order of opening. */
export type Closers = (() => Promise<void>)[];

/** runCommand does a command's work. What only the operator can mend is one sentence and exit code 1, as when a server starts. */
export async function runCommand(work: (env: Env, closers: Closers) => Promise<void>): Promise<void> {
  const closers: Closers = [];
  let dataDir = "";
  try {
    const env = readEnv();
    ({ dataDir } = env);
    await work(env, closers);
  } catch (error) {
    const failure = toStartError(error, dataDir);
    console.error(failure instanceof AkavelogError ? failure.message : failure);
    process.exitCode = 1;
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}
