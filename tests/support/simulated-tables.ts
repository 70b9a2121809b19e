import type { BuildingBatch, Candidate, CompactionCatalog } from "#app/server/compaction/compaction-catalog.ts";
import type { BatchCatalog, BatchState, CommittedBatch, LineageRun } from "#app/server/ingest/batch-catalog.ts";
import type { RetentionCatalog } from "#app/server/retention/retention-catalog.ts";
import type { SimulatedKey } from "#tests/support/simulated-keys.ts";

/** SimulatedRow is a row of `log_batches`. */
export interface SimulatedRow extends Omit<Candidate, "tailStart" | "ageMs"> {
  projectId: string;
  walId: string;
  batchNo: number;
  lineage: LineageRun[];
  state: BatchState;
  /** Counts as a postponement when it lies ahead. */
  stateSinceMs: number;
  committedAtMs: number;
  batch: CommittedBatch | BuildingBatch;
}

/** SimulatedTables is the database that all processes share; its methods are statements, each of which is one moment. */
export interface SimulatedTables {
  rows: Map<string, SimulatedRow>;
  ledger: Map<string, string>;
  keys: Map<string, SimulatedKey>;
  heartbeats: Map<string, number>;
  leases: Map<string, { owner: string; untilMs: number }>;
  /** Of projects whose entries expire at all. */
  retentionMs: ReadonlyMap<string, number>;
  nowMs: () => number;
}

/** Reach is the way of one process to the database; it may throw before or after the statement had its effect. */
export type Reach = <T>(operation: string, statement: () => T) => Promise<T>;

const PARTITION = "all";
let lastId = 0;

export function newRowId(): string {
  return String(++lastId).padStart(12, "0");
}

export function createTables(nowMs: () => number, retentionMs: ReadonlyMap<string, number>): SimulatedTables {
  return {
    rows: new Map(),
    ledger: new Map(),
    keys: new Map(),
    heartbeats: new Map(),
    leases: new Map(),
    retentionMs,
    nowMs,
  };
}

export function simulatedBatchCatalog(tables: SimulatedTables, reach: Reach): BatchCatalog {
  const { rows, ledger } = tables;
  return {
    commitBatch: (batch) =>
      reach("commit", () => {
        const name = ledgerName(batch.walId, batch.batchNo);
        if (ledger.has(name)) return "already-committed";
        ledger.set(name, batch.projectId);
        const lineage: LineageRun[] = [[batch.walId, batch.batchNo, batch.batchNo]];
        addRow(tables, { ...batch, tier: 0, generation: 0, lineage, state: "stored", batch });
        return "committed";
      }),
    committedBatchNumbers: (walId) =>
      reach("read ledger", () =>
        [...ledger.keys()].filter((name) => name.startsWith(`${walId} `)).map((name) => Number(name.split(" ")[1])),
      ),
    trimLedger: (walId) =>
      reach("trim", () => {
        tables.heartbeats.delete(walId);
        for (const name of ledger.keys()) if (name.startsWith(`${walId} `)) ledger.delete(name);
      }),
    findBatches: ({ projectId }, floors) =>
      reach("find", () => {
        const found = [...rows.values()].filter((row) => row.projectId === projectId && isReadable(row));
        const batches = found.map(({ batch, ...row }) => ({
          ...row,
          entries: batch.entries,
          bytes: batch.bytes,
          tsEndNs: batch.tsEndNs,
          promotedKeys: [],
          tailStart: null,
          tailSha256: null,
          tokeniser: null,
        }));
        const inLedger = [...ledger].filter(([name, owner]) => {
          const [walId = "", batchNo = ""] = name.split(" ");
          return (
            owner === projectId && floors.some((floor) => floor.walId === walId && Number(batchNo) >= floor.batchNo)
          );
        });
        return { batches, inLedger: new Set(inLedger.map(([name]) => name)) };
      }),
    markMissing: () => Promise.resolve(true),
  };
}

export function simulatedCompactionCatalog(tables: SimulatedTables, reach: Reach): CompactionCatalog {
  const { rows, leases, nowMs } = tables;
  return {
    findPartitions: (minAgeMs) =>
      reach("find partitions", () => {
        const waiting = [...rows.values()].filter(
          (row) => row.tier === 0 && row.state === "stored" && row.committedAtMs <= nowMs() - minAgeMs,
        );
        return [...new Set(waiting.map(({ projectId }) => projectId))].map((projectId) => ({
          projectId,
          name: PARTITION,
        }));
      }),
    findCandidates: ({ projectId }) =>
      reach("find candidates", () =>
        [...rows.values()]
          .filter((row) => row.projectId === projectId && row.state === "stored")
          .map((row) => ({ ...row, tailStart: null, ageMs: nowMs() - row.committedAtMs })),
      ),
    takeLease: ({ projectId }, owner, forMs) =>
      reach("take lease", () => {
        const lease = leases.get(projectId);
        if (lease !== undefined && lease.owner !== owner && lease.untilMs >= nowMs()) return false;
        leases.set(projectId, { owner, untilMs: nowMs() + forMs });
        return true;
      }),
    giveLeaseBack: ({ projectId }, owner) =>
      reach("give lease back", () => {
        if (leases.get(projectId)?.owner === owner) leases.delete(projectId);
      }),
    insertBuilding: (batch) =>
      reach("insert building", () => {
        const [walId, batchNo] = batch.lineage[0] ?? ["", 0];
        return addRow(tables, { ...batch, walId, batchNo, tier: 1, state: "building", batch });
      }),
    swap: (buildingId, replacedIds) =>
      reach("swap", () => {
        const building = rows.get(buildingId);
        const replaced = replacedIds.map((id) => rows.get(id));
        if (building?.state !== "building" || replaced.some((row) => row?.state !== "stored")) return false;
        setState(tables, building, "stored");
        for (const row of replaced) setState(tables, row as SimulatedRow, "superseded");
        return true;
      }),
    abandonBuilding: (olderThanMs) =>
      reach("abandon", () => {
        for (const row of rows.values())
          if (row.state === "building" && row.stateSinceMs <= nowMs() - olderThanMs) row.state = "superseded";
      }),
    findSuperseded: (olderThanMs) =>
      reach("find superseded", () =>
        [...rows.values()].filter((row) => row.state === "superseded" && row.stateSinceMs <= nowMs() - olderThanMs),
      ),
    postponeRemoval: (id, forMs) => reach("postpone", () => postpone(tables, id, "superseded", forMs)),
    removeRow: (id) =>
      reach("remove row", () => {
        const state = rows.get(id)?.state;
        if (state === "superseded" || state === "building") rows.delete(id);
      }),
  };
}

export function simulatedRetentionCatalog(tables: SimulatedTables, reach: Reach): RetentionCatalog {
  const { rows, ledger, retentionMs, nowMs } = tables;
  return {
    hideExpired: () =>
      reach("hide", () => {
        const expired = [...rows.values()].filter((row) => {
          const lastMs = Math.max(Number(row.batch.tsEndNs / 1_000_000n), row.batch.receivedAtMs);
          return isReadable(row) && lastMs < nowMs() - (retentionMs.get(row.projectId) ?? Infinity);
        });
        for (const row of expired) setState(tables, row, "locked");
        return expired.length;
      }),
    findDeletable: (hiddenForMs) =>
      reach("find deletable", () =>
        [...rows.values()]
          .filter((row) => row.state === "locked" && row.stateSinceMs <= nowMs() - hiddenForMs)
          .map((row) => ({ ...row, entries: row.batch.entries, bytes: row.batch.bytes })),
      ),
    forgetBatch: (id) => reach("forget", () => rows.get(id)?.state === "locked" && rows.delete(id)),
    postpone: (id, forMs) => reach("postpone", () => postpone(tables, id, "locked", forMs)),
    findOrphans: (objects) =>
      reach("find orphans", () => {
        const named = new Set([...rows.values()].map(({ objectKey }) => objectKey));
        return objects
          .filter(({ key }) => !named.has(key))
          .map(({ key, projectId, lineage }) => {
            const inside = (lineage ?? []).flatMap(([walId, first, last]) =>
              Array.from({ length: last - first + 1 }, (_, i) => [walId, first + i] as const),
            );
            const covering = inside.map(([walId, batchNo]) =>
              [...rows.values()].filter(
                (row) =>
                  row.projectId === projectId &&
                  row.lineage.some(([wal, first, last]) => wal === walId && first <= batchNo && batchNo <= last),
              ),
            );
            const isKnown = inside.every(
              ([walId, batchNo], i) => ledger.has(ledgerName(walId, batchNo)) || covering[i]?.length !== 0,
            );
            const coveredBy = new Set(
              covering
                .flat()
                .filter(isReadable)
                .map(({ objectKey }) => objectKey),
            );
            const mayGetRow = inside.some(([walId]) => tables.heartbeats.has(walId));
            const keptForMs = retentionMs.get(projectId);
            return {
              key,
              isInLedger: lineage !== null && isKnown,
              expiredBeforeMs: mayGetRow || keptForMs === undefined ? null : nowMs() - keptForMs,
              coveredBy: [...coveredBy],
            };
          });
      }),
  };
}

function addRow(
  { rows, nowMs }: SimulatedTables,
  row: Omit<SimulatedRow, "id" | "stateSinceMs" | "committedAtMs">,
): string {
  const { projectId, walId, batchNo, objectKey, sha256, tier, generation, rawBytes, tsStartNs, lineage, state, batch } =
    row;
  const id = newRowId();
  const times = { stateSinceMs: nowMs(), committedAtMs: nowMs() };
  const columns = {
    projectId,
    walId,
    batchNo,
    objectKey,
    sha256,
    tier,
    generation,
    rawBytes,
    tsStartNs,
    lineage,
    state,
    batch,
  };
  rows.set(id, { id, ...columns, ...times });
  return id;
}

function setState({ nowMs }: SimulatedTables, row: SimulatedRow, state: BatchState): void {
  row.state = state;
  row.stateSinceMs = nowMs();
}

function postpone({ rows, nowMs }: SimulatedTables, id: string, state: BatchState, forMs: number): void {
  const row = rows.get(id);
  if (row?.state === state) row.stateSinceMs = nowMs() + forMs;
}

export function isReadable({ state }: Pick<SimulatedRow, "state">): boolean {
  return state === "stored" || state === "missing";
}

function ledgerName(walId: string, batchNo: number): string {
  return `${walId} ${batchNo}`;
}
