/** PlantedBug is a mistake that someone could make, and the test that has to notice it. */
export interface PlantedBug {
  name: string;
  file: string;
  /** Stands in the file exactly once. */
  find: string;
  replace: string;
  caughtBy: { project: "unit" | "lab" | "integration"; file: string; env?: Record<string, string> };
  /** Needs a build of the whole app, and half a minute with it. */
  isSlow?: boolean;
}

const CRASH_STATES = { project: "lab", file: "tests/lab/crash-states.test.ts", env: { CRASH_STATES: "3000" } } as const;
const SIMULATION = { project: "lab", file: "tests/lab/simulation.test.ts", env: { SIMULATIONS: "400" } } as const;
const KEYED_ENTRIES = { project: "unit", file: "app/server/ingest/keyed-entries.test.ts" } as const;
const BATCH_CATALOG = { project: "integration", file: "tests/integration/catalog/batch-catalog.test.ts" } as const;
const STORE_FAULTS = {
  project: "integration",
  file: "tests/integration/o3/store-faults.test.ts",
  env: { STORE_FAULTS: "150" },
} as const;

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "a line is acknowledged before its fsync",
    file: "app/server/ingest/wal.ts",
    find: "await handle.syncData();\n    } catch (error) {\n      // The kernel",
    replace: "void handle.syncData();\n    } catch (error) {\n      // The kernel",
    caughtBy: CRASH_STATES,
  },
  {
    name: "the folder of a new WAL file is not fsynced",
    file: "app/server/ingest/wal.ts",
    find: "await fileSystem.syncDirectory(this.#directory);",
    replace: "",
    caughtBy: CRASH_STATES,
  },
  {
    name: "a failed fsync is tried again",
    file: "app/server/ingest/wal.ts",
    find: "throw this.#fail(error);\n    }\n    this.#options.onSynced",
    replace: "await handle.syncData();\n    }\n    this.#options.onSynced",
    caughtBy: { project: "unit", file: "app/server/ingest/wal.test.ts" },
  },
  {
    name: "the WAL lets go of a batch before its commit",
    file: "app/server/ingest/flush-queue.ts",
    find: "return await this.#commit(flush);",
    replace: "await this.#options.onCommitted(flush.batch);\n    return await this.#commit(flush);",
    caughtBy: SIMULATION,
  },
  {
    name: "a batch is committed before its object is stored",
    file: "app/server/ingest/flush-queue.ts",
    find: "if (!flush.isStored) await this.#put(flush, signal);\n    return await this.#commit(flush);",
    replace:
      "const outcome = await this.#commit(flush);\n    if (!flush.isStored) await this.#put(flush, signal);\n    return outcome;",
    caughtBy: SIMULATION,
  },
  {
    name: "a batch enters the ledger without its row",
    file: "app/server/catalog/postgres-batch-catalog.ts",
    find: "from ledger\n    returning id",
    replace: "from ledger where false\n    returning id",
    caughtBy: BATCH_CATALOG,
  },
  {
    name: "a batch that the ledger has is stored again",
    file: "app/server/catalog/postgres-batch-catalog.ts",
    find: "on conflict do nothing\n",
    replace: "on conflict (wal_id, batch_no) do update set project_id = excluded.project_id\n",
    caughtBy: BATCH_CATALOG,
  },
  {
    name: "replay keeps a keyed record that another process has stored",
    file: "app/server/ingest/replay-wal.ts",
    find: "!(await settleKey(options, walId, record)))\n      continue;",
    replace: "!(await settleKey(options, walId, record)))\n      if (record.count === 0) continue;",
    caughtBy: KEYED_ENTRIES,
  },
  {
    name: "entries enter a batch before it is certain whose their key is",
    file: "app/server/ingest/keyed-entries.ts",
    find: "this.#waiting.add(durable);",
    replace: 'this.#options.batch(durable);\n      if (durable.sequence >= 0) return { state: "waiting" };',
    caughtBy: KEYED_ENTRIES,
  },
  {
    name: "the project is missing from a search's filter",
    file: "app/server/catalog/batch-conditions.ts",
    find: 'eq(logBatches.projectId, sql.placeholder("projectId")),',
    replace: "",
    caughtBy: BATCH_CATALOG,
  },
  {
    name: "an object is used without a look at its hash",
    file: "app/server/o3/fetch-verified.ts",
    find: "if (found !== sha256) {",
    replace: "if (found.length !== sha256.length) {",
    caughtBy: { project: "integration", file: "tests/integration/o3/s3-faults.test.ts" },
  },
  {
    name: "a put is believed without reading it back",
    file: "app/server/o3/put-verified.ts",
    find: 'if (options.verify === "read-back") await readBack();',
    replace: 'if (options.verify === "trust-store") await readBack();',
    caughtBy: STORE_FAULTS,
  },
  {
    name: "a put whose reply was lost is repeated under another key",
    file: "app/server/ingest/flush-queue.ts",
    find: "const { objectKey, sha256 } = flush.sealed;",
    replace:
      "if (flush.attempts > 0) flush.sealed = { ...flush.sealed, objectKey: `${flush.sealed.objectKey}.again` };\n    const { objectKey, sha256 } = flush.sealed;",
    caughtBy: SIMULATION,
  },
  {
    name: "the ledger is trimmed before the WAL's files are gone",
    file: "app/server/ingest/ingester.ts",
    find: 'batch.state = "committed";',
    replace: 'batch.state = "committed";\n    await this.#options.catalog.trimLedger(batch.walId);',
    caughtBy: CRASH_STATES,
  },
  {
    name: "the ledger is trimmed while a query may count a stored batch from memory",
    file: "app/server/ingest/wal-set.ts",
    find: " || this.#options.local.isReading(walId)",
    replace: "",
    caughtBy: { project: "unit", file: "app/server/ingest/ingester-replay.test.ts" },
  },
  {
    name: "a torn tail keeps the process from starting",
    file: "app/server/ingest/wal-reader.ts",
    find: "const next = await findRecord(window, at + 1, sizeBytes);",
    replace:
      "const next = await findRecord(window, at + 1, sizeBytes);\n      if (next === null && isLastFile) throw new Error(`${file} is damaged`);",
    caughtBy: { project: "lab", file: "tests/lab/wal-corruption.test.ts", env: { WAL_CORRUPTIONS: "300" } },
  },
  {
    name: "a compacted object is shown before it is put",
    file: "app/server/compaction/compactor.ts",
    find: "const object = await fileSystem.readFile(built.path);",
    replace:
      "await catalog.swap(\n      id,\n      step.map((candidate) => candidate.id),\n    );\n    const object = await fileSystem.readFile(built.path);",
    caughtBy: SIMULATION,
  },
  {
    name: "an alert fires without its notification",
    file: "app/server/alerts/evaluation-catalog.ts",
    find: "join moved on moved.id = given.id\n        order by given.at",
    replace: "join moved on moved.id = given.id where false\n        order by given.at",
    caughtBy: { project: "integration", file: "tests/integration/alerts/evaluation-catalog.test.ts" },
  },
  {
    name: "retention goes by the time of an entry alone, and deletes what has just been received",
    file: "app/server/catalog/postgres-retention-catalog.ts",
    find: "greatest(batch.ts_end / 1000000000, extract(epoch from batch.received_at))",
    replace: "(batch.ts_end / 1000000000)",
    caughtBy: STORE_FAULTS,
  },
  {
    name: "the sweep deletes what the ledger does not prove superseded",
    file: "app/server/retention/sweep-objects.ts",
    find: "if (!isInLedger) return",
    replace: "if (!isInLedger && coveredBy.length > 0) return",
    caughtBy: { project: "integration", file: "tests/integration/api/retention.test.ts" },
    isSlow: true,
  },
  {
    name: "a damaged frame spoils the decoder for sound ones",
    file: "app/server/system/decompress.ts",
    find: "if (!isInOrder) decompressor = new Decompressor();",
    replace: "if (!isInOrder) decompressor.setParameters({});",
    caughtBy: { project: "unit", file: "app/server/system/decompress.test.ts" },
  },
  {
    name: "a page begins with the last line of the page before",
    file: "app/server/search/scan-lines.ts",
    find: "difference > 0 : difference < 0;",
    replace: "difference >= 0 : difference <= 0;",
    caughtBy: { project: "integration", file: "tests/integration/api/paging.test.ts" },
    isSlow: true,
  },
];
