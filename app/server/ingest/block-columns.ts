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

/** growBlockColumns returns columns of twice the length with the same beginnings. */
export function growBlockColumns(columns: BlockColumns): BlockColumns {
  const count = columns.ends.length;
  const grown = createBlockColumns(count * 2);
  appendBlockColumns(columns, count, grown, 0);
  return grown;
}

/** copyBlockColumns returns columns of exactly the first `count` entries. */
export function copyBlockColumns(columns: BlockColumns, count: number): BlockColumns {
  const copy = createBlockColumns(count);
  appendBlockColumns(columns, count, copy, 0);
  return copy;
}

/** appendBlockColumns writes the first `count` entries of `from` into `to`, from entry `at` on. */
export function appendBlockColumns(from: BlockColumns, count: number, to: BlockColumns, at: number): void {
  to.ends.set(from.ends.subarray(0, count), at);
  to.ms.set(from.ms.subarray(0, count), at);
  to.subMsNs.set(from.subMsNs.subarray(0, count), at);
  to.serviceOf.set(from.serviceOf.subarray(0, count), at);
  to.levelOf.set(from.levelOf.subarray(0, count), at);
  to.tagsStart.set(from.tagsStart.subarray(0, count), at);
}
