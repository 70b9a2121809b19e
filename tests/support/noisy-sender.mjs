import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

/**
 * Sends at a steady rate, whatever is answered, until it is told to stop; then tells how often each status came and what
 * the refusals said of when to come again. A thread of its own, so that it is the server that others wait for, not this.
 */
const { url, key, body, intervalMs } = workerData;
const statuses = new Map();
const retryAfter = new Set();
const running = new Set();
let isStopping = false;
parentPort.once("message", () => (isStopping = true));

for (let dueMs = Date.now(); !isStopping; dueMs += intervalMs) {
  await sleep(Math.max(0, dueMs - Date.now()));
  const one = send().finally(() => running.delete(one));
  running.add(one);
}
await Promise.all(running);
parentPort.postMessage({ statuses, retryAfter });

async function send() {
  const answer = await fetch(`${url}/ingest`, { method: "POST", headers: { "x-api-key": key }, body });
  await answer.arrayBuffer();
  statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  if (answer.status === 429) retryAfter.add(answer.headers.get("retry-after"));
}
