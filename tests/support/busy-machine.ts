import { availableParallelism, loadavg } from "node:os";

/** isMachineBusy: times that are measured while others use all processors say nothing of the server. */
export function isMachineBusy(): boolean {
  return (loadavg()[0] ?? 0) > 2 * availableParallelism();
}
