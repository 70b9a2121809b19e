import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { decodeTier0Header } from "#app/server/ingest/tier0-format.ts";
import type { Readback } from "#tests/support/crash-readback.ts";

/** StoredState is what a cleanly stopped server left on disk, beside what queries said before. */
export interface StoredState {
  wal: string[];
  spool: string[];
  quarantine: string[];
  /** Objects in the store that hold no line of any query. */
  unreferenced: string[];
  /** Objects that queries named and the store lacks; `null` stands for a line that was in no object. */
  missing: (string | null)[];
  entries: number;
}

const SUFFIX = ".ndjson.zst";

/** objectsOf looks at the files themselves; the objects' own headers say how many entries they hold. */
export async function objectsOf(dataDirectory: string, final: readonly Readback[]): Promise<StoredState> {
  const root = path.join(dataDirectory, "objects");
  const stored = (await readdir(root, { recursive: true })).filter((name) => name.endsWith(SUFFIX));
  const referenced = new Set(final.flatMap(({ keys }) => [...keys]));
  let entries = 0;
  for (const key of stored)
    entries += decodeTier0Header(await readFile(path.join(root, key)), key).header.batch.entries;
  return {
    wal: await namesIn(path.join(dataDirectory, "wal")),
    spool: await namesIn(path.join(dataDirectory, "spool")),
    quarantine: await namesIn(path.join(dataDirectory, "quarantine")),
    unreferenced: stored.filter((key) => !referenced.has(key)),
    missing: [...referenced].filter((key) => key === null || !stored.includes(key)),
    entries,
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
