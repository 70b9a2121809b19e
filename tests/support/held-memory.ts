import path from "node:path";
import { until } from "#tests/support/api-client.ts";
import type { TestServer } from "#tests/support/server.ts";

/** What a server's environment needs so that it can be asked how much memory it holds. */
export const TELLS_MEMORY = { NODE_OPTIONS: `--import=${path.resolve("tests/support/tell-memory.mjs")}` };

export interface HeldMemory {
  /** Objects and buffers in use, once the garbage is collected. */
  heldBytes: number;
  rss: number;
}

export async function heldMemory(server: TestServer, timeoutMs = 15_000): Promise<HeldMemory> {
  const reports = () => [...server.output().matchAll(/^memory (\{.*\})$/gm)].map(([, json]) => json ?? "");
  const before = reports().length;
  server.child.kill("SIGUSR2");
  await until("the server tells its memory", () => reports().length > before, timeoutMs);
  return JSON.parse(reports().at(-1) ?? "") as HeldMemory;
}
