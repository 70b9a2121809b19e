import type { EntryBlock } from "#app/server/ingest/entry-block.ts";

/** BatchPart is entries `[from, to)` of the request with this sequence number. */
export interface BatchPart {
  sequence: number;
  block: EntryBlock;
  from: number;
  to: number;
}

/** EntryRun is `count` entries of one request from index `from` on; runs and entries are in the same order. */
export interface EntryRun {
  sequence: number;
  from: number;
  count: number;
  /** What the offsets of its columns grow by in the batch. */
  shift: number;
  /** The batch's number for each of the request's. */
  serviceNumbers: Uint32Array;
}

/** Tier0Input is a whole batch, made so that it can be handed to another thread without copying. */
export interface Tier0Input {
  projectId: string;
  walId: string;
  batchNo: number;
  receivedAtMs: number;
  /** The columns, as they were in the requests, and behind them the lines. */
  memory: ArrayBuffer;
  count: number;
  lineBytes: number;
  maxLineBytes: number;
  /** Services by number; some may be of entries that went to other batches. */
  services: string[];
  runs: EntryRun[];
}
