/** BlockColumns holds what is known of each line of a block beside its bytes; all have the same length. */
export interface BlockColumns {
  /** Offset in `bytes` behind the LF of line i. */
  ends: Uint32Array;
  ms: Float64Array;
  subMsNs: Uint32Array;
  /** Index into the block's services. */
  serviceOf: Uint32Array;
  /** Index into LEVELS. */
  levelOf: Uint8Array;
  /** Offset in `bytes` of line i's tags, at their opening brace. */
  tagsStart: Uint32Array;
}

/** Eight for the time, four for each of four numbers, one for the level. */
export const BLOCK_COLUMNS_ENTRY_BYTES = 8 + 4 * 4 + 1;

/** createBlockColumns makes columns for `count` entries at the beginning of one piece of memory. */
export function createBlockColumns(
  count: number,
  memory = new ArrayBuffer(count * BLOCK_COLUMNS_ENTRY_BYTES),
): BlockColumns {
  // The widest first, so that each begins where its width allows.
  return {
    ms: new Float64Array(memory, 0, count),
    ends: new Uint32Array(memory, count * 8, count),
    subMsNs: new Uint32Array(memory, count * 12, count),
    serviceOf: new Uint32Array(memory, count * 16, count),
    tagsStart: new Uint32Array(memory, count * 20, count),
    levelOf: new Uint8Array(memory, count * 24, count),
  };
}

/** growBlockColumns returns columns for at least `count` entries with the first `held` as they were. */
export function growBlockColumns(columns: BlockColumns, held: number, count: number): BlockColumns {
  const grown = createBlockColumns(held === 0 ? count : Math.max(count, held * 2));
  appendBlockColumns(columns, 0, held, grown, 0);
  return grown;
}

/** fitBlockColumns returns columns of exactly the first `count` entries. */
export function fitBlockColumns(columns: BlockColumns, count: number): BlockColumns {
  if (columns.ends.length === count) return columns;
  const copy = createBlockColumns(count);
  appendBlockColumns(columns, 0, count, copy, 0);
  return copy;
}

/** appendBlockColumns writes entries `[from, to)` into `target`, from its entry `at` on, as they are. */
export function appendBlockColumns(
  columns: BlockColumns,
  from: number,
  to: number,
  target: BlockColumns,
  at: number,
): void {
  target.ends.set(columns.ends.subarray(from, to), at);
  target.ms.set(columns.ms.subarray(from, to), at);
  target.subMsNs.set(columns.subMsNs.subarray(from, to), at);
  target.serviceOf.set(columns.serviceOf.subarray(from, to), at);
  target.levelOf.set(columns.levelOf.subarray(from, to), at);
  target.tagsStart.set(columns.tagsStart.subarray(from, to), at);
}
