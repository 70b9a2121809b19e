import { INDEX_DIGITS, entryIdPrefix } from "#app/core/entry.ts";
import { LEVELS } from "#app/core/level.ts";
import { partsToNs } from "#app/core/timestamp.ts";
import { MAX_SERVICES_PER_BATCH, OTHER_SERVICES, type MinuteCount } from "#app/server/ingest/batch-catalog.ts";
import { BLOCK_COLUMNS_ENTRY_BYTES } from "#app/server/ingest/block-columns.ts";
import { composingKernel, type LineKernel } from "#app/server/ingest/line-kernel.ts";
import { BLOCK_BYTES, STORED_ID_START } from "#app/server/ingest/tier0-format.ts";
import type { Tier0Input } from "#app/server/ingest/tier0-input.ts";
import * as layout from "#app/server/kernel/layout.ts";

/** PlacedBatch is a batch in the memory of this thread's kernel, sorted; there is one at a time. */
export interface PlacedBatch {
  kernel: LineKernel;
  words: Int32Array;
  /** Services that have entries, sorted. */
  services: string[];
}

/** Five digits, quote and comma, less the brace that the id's takes over. */
const INDEX_AND_COMMA_BYTES = INDEX_DIGITS + 1;
/** What a line grows by when it is stored with its id. */
export const STORED_ID_BYTES = STORED_ID_START.length + entryIdPrefix("0".repeat(36), 0).length + INDEX_AND_COMMA_BYTES;

/** What the kernel reads and writes beyond the ends of what it is given. */
const SPILL_BYTES = 64;

/** placeBatch puts a batch into the kernel's memory, as one that has its own columns, and sorts it. */
export function placeBatch(input: Tier0Input): PlacedBatch {
  const { count, runs, services } = input;
  const prefixes = Buffer.concat(
    runs.flatMap((run) => [STORED_ID_START, Buffer.from(entryIdPrefix(input.walId, run.sequence))]),
  );
  const sortedServices = [...services].sort();
  const ranks = Uint32Array.from(services, (service) => sortedServices.indexOf(service));

  // The columns keep the order that createBlockColumns gives them.
  const at = layout.BATCH_AT;
  const columnsEnd = at + count * BLOCK_COLUMNS_ENTRY_BYTES;
  const words = new Int32Array(layout.BATCH_WORDS);
  words[layout.BATCH_ENTRIES] = count;
  words[layout.BATCH_MS] = at;
  words[layout.BATCH_ENDS] = at + count * 8;
  words[layout.BATCH_SUB_MS_NS] = at + count * 12;
  words[layout.BATCH_SERVICE_OF] = at + count * 16;
  words[layout.BATCH_TAGS_START] = at + count * 20;
  words[layout.BATCH_LEVEL_OF] = at + count * 24;
  words[layout.BATCH_BYTES] = columnsEnd;
  words[layout.BATCH_PREFIX_BYTES] = prefixes.length / runs.length;
  words[layout.BATCH_SERVICES] = services.length;
  words[layout.BATCH_COUNT_SLOTS] = 2 ** Math.ceil(Math.log2(count * 2 + 2));
  let next = align(columnsEnd + input.lineBytes + SPILL_BYTES);
  function place(word: number, bytes: number): void {
    words[word] = next;
    next = align(next + bytes);
  }
  place(layout.BATCH_ORDER, count * 4);
  place(layout.BATCH_SPARE, count * 4);
  place(layout.BATCH_PREFIX_OF, count * 4);
  place(layout.BATCH_INDEX_OF, count * 4);
  place(layout.BATCH_PREFIXES, prefixes.length + SPILL_BYTES);
  place(layout.BATCH_RANKS, services.length * 4);
  place(layout.BATCH_GROUP_STARTS, (services.length + 2) * 4);
  place(layout.BATCH_COUNTED_AS, services.length * 4);
  place(layout.BATCH_COUNTS, count * layout.COUNT_BYTES);
  place(layout.BATCH_SLOTS, (words[layout.BATCH_COUNT_SLOTS] as number) * 4);
  place(layout.BATCH_LINES, Math.max(BLOCK_BYTES, input.maxLineBytes + STORED_ID_BYTES) + SPILL_BYTES);

  const kernel = composingKernel(next);
  const { memory, call } = kernel;
  memory.set(new Uint8Array(input.memory, 0, columnsEnd - at + input.lineBytes), at);
  memory.set(prefixes, words[layout.BATCH_PREFIXES]);
  wordsAt(kernel, words[layout.BATCH_RANKS] as number, ranks.length).set(ranks);
  wordsAt(kernel, layout.BATCH_WORDS_AT, words.length).set(words);
  placeRuns(kernel, input, words[layout.BATCH_LINES] as number);
  call.sortEntries();
  const starts = wordsAt(kernel, words[layout.BATCH_GROUP_STARTS] as number, services.length + 1);
  return { kernel, words, services: countUsed(kernel, words, sortedServices, starts) };
}

/** The service numbers of a run lie where the lines will. */
function placeRuns(kernel: LineKernel, { runs }: Tier0Input, scratchAt: number): void {
  let first = 0;
  for (const [r, { from, count, shift, serviceNumbers }] of runs.entries()) {
    wordsAt(kernel, scratchAt, serviceNumbers.length).set(serviceNumbers);
    kernel.call.placeRun(r, from, first, count, shift, scratchAt);
    first += count;
  }
}

/** Says under what each service is counted, and returns those that have entries. */
function countUsed(kernel: LineKernel, words: Int32Array, sorted: string[], starts: Int32Array): string[] {
  const countedAs = wordsAt(kernel, words[layout.BATCH_COUNTED_AS] as number, sorted.length);
  const used: string[] = [];
  for (const [rank, service] of sorted.entries()) {
    if (starts[rank] === starts[rank + 1]) continue;
    countedAs[rank] = used.length < MAX_SERVICES_PER_BATCH ? used.length : MAX_SERVICES_PER_BATCH;
    used.push(service);
  }
  return used;
}

/** ComposedBlock is the lines of one block, in memory that the next one takes over. */
export interface ComposedBlock {
  lines: Buffer;
  entries: number;
  tsStartNs: bigint;
  tsEndNs: bigint;
}

/** composeBlocks writes one block of lines with ids after another, and gathers their tags. */
export function* composeBlocks({ kernel, words }: PlacedBatch): Generator<ComposedBlock> {
  const { call, memory } = kernel;
  call.clearTagSummary();
  const entries = words[layout.BATCH_ENTRIES] as number;
  for (let first = 0; first < entries;) {
    const end = call.composeBlock(first, BLOCK_BYTES);
    yield {
      lines: memory.subarray(words[layout.BATCH_LINES], memory.readInt32LE(layout.BLOCK_LINES_END)),
      entries: end - first,
      tsStartNs: timeOf(memory, words, memory.readInt32LE(layout.BLOCK_EARLIEST)),
      tsEndNs: timeOf(memory, words, memory.readInt32LE(layout.BLOCK_LATEST)),
    };
    first = end;
  }
}

function timeOf(memory: Buffer, words: Int32Array, entry: number): bigint {
  const ms = memory.readDoubleLE((words[layout.BATCH_MS] as number) + entry * 8);
  const subMsNs = memory.readUInt32LE((words[layout.BATCH_SUB_MS_NS] as number) + entry * 4);
  return partsToNs({ ms, subMsNs });
}

/** countMinutes counts a batch's entries by minute, service and level; services beyond the first two hundred together. */
export function countMinutes({ kernel, words, services }: PlacedBatch): MinuteCount[] {
  const counted = kernel.call.countMinutes();
  const fields = wordsAt(kernel, words[layout.BATCH_COUNTS] as number, counted * 4);
  return Array.from({ length: counted }, (_, i) => {
    const [service, minute, level, count] = fields.subarray(i * 4) as unknown as [number, number, number, number];
    const name = service === MAX_SERVICES_PER_BATCH ? OTHER_SERVICES : (services[service] ?? OTHER_SERVICES);
    return { minute, service: name, level: LEVELS[level] ?? "unknown", count };
  });
}

function wordsAt({ memory }: LineKernel, at: number, length: number): Int32Array {
  return new Int32Array(memory.buffer, at, length);
}

function align(at: number): number {
  return Math.ceil(at / 8) * 8;
}
