import { open } from "node:fs/promises";

/** syncFolder makes the names in a folder durable: a new or renamed file can be lost without it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
