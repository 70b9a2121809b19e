import { fork, type ChildProcess } from "node:child_process";
import os from "node:os";

/**
 * forkModule starts one of our own modules in a process of its own, which sees nothing of the environment: what crashes or
 * fills its memory there does not take the logs in flight with it. It gives way to other processes by `niceness`.
 * The module has to end itself when it is disconnected, since nobody else does after a kill of this process.
 */
export function forkModule(moduleUrl: URL, options: { niceness: number; threads: number }): ChildProcess {
  const child = fork(moduleUrl, [], {
    // Rows become garbage at once; without this V8 lets some 40 MB of it lie.
    execArgv: ["--max-semi-space-size=2"],
    // Each running statement holds one of libuv's threads.
    env: { UV_THREADPOOL_SIZE: String(options.threads), MALLOC_ARENA_MAX: "2" },
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  if (child.pid !== undefined) {
    try {
      os.setPriority(child.pid, options.niceness);
    } catch {
      // It has ended already, or the system forbids it: then it works at our own priority.
    }
  }
  return child;
}
