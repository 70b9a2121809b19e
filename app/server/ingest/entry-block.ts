import { LEVELS, type Level } from "#app/core/level.ts";
import { formatTimestamp, type TimestampParts } from "#app/core/timestamp.ts";
import {
  appendBlockColumns,
  fitBlockColumns,
  createBlockColumns,
  growBlockColumns,
  type BlockColumns,
} from "#app/server/ingest/block-columns.ts";

/**
 * EntryBlock is the accepted entries of one request: canonical lines one after another, and beside them in columns
 * what sorting, cutting and counting need, so that no line is parsed twice.
 *
 * A canonical line has its fields in this order, no white space, strings as JSON.stringify writes them, and ends in LF:
 * `{"timestamp":"…","service":"…","level":"…"[,"levelOriginal":"…"],"message":"…","tags":{"k":"v",…}}`
 * `canonical-line.ts` reads it back; the two change together.
 */
export interface EntryBlock extends BlockColumns {
  count: number;
  bytes: Buffer;
  /** Distinct services; `serviceOf[i]` is an index into it. */
  services: string[];
  maxLineBytes: number;
  /** Earliest and latest of `ms`. */
  minMs: number;
  maxMs: number;
}

/** CanonicalLines is a number of lines; their columns, which may be longer, are made for their place in a block. */
export interface CanonicalLines {
  count: number;
  bytes: Buffer;
  maxLineBytes: number;
  minMs: number;
  maxMs: number;
}

/** EntryFields is one normalised entry on its way into a block: strings are well-formed and within their limits. */
export interface EntryFields {
  timestamp: TimestampParts;
  service: string;
  level: Level;
  levelOriginal: string | null;
  message: string;
  tags: Iterable<readonly [string, string]>;
}

export const LINE_START = Buffer.from('{"timestamp":"');

/** Room for the fixed parts of a line: names, quotes, level, timestamp. */
const FIXED_LINE_BYTES = 192;
const FIRST_ENTRIES = 16;

/** Senders have a few services and spellings of levels; whoever makes up thousands only makes a table start again. */
const MAX_SEGMENTS = 512;
const serviceSegments = new Map<string, Buffer>();
const levelSegments = new Map<string, Buffer>();

/** serviceSegment is the piece of a line between timestamp and level. */
export function serviceSegment(service: string): Buffer {
  return (
    serviceSegments.get(service) ??
    keepSegment(serviceSegments, service, `","service":${JSON.stringify(service).slice(0, -1)}`)
  );
}

/** levelSegment is the piece of a line between service and message, for a level as the sender spelled it ("" when not). */
export function levelSegment(level: Level, spelling: string): Buffer {
  // Some wire formats give the level beside its spelling, so both make the key; LF is in no level.
  const key = `${level}\n${spelling}`;
  const original = spelling === "" || spelling === level ? '"' : `","levelOriginal":${JSON.stringify(spelling)}`;
  return levelSegments.get(key) ?? keepSegment(levelSegments, key, `","level":"${level}${original},"message":"`);
}

function keepSegment(segments: Map<string, Buffer>, key: string, text: string): Buffer {
  if (segments.size >= MAX_SEGMENTS) segments.clear();
  const segment = Buffer.from(text);
  segments.set(key, segment);
  return segment;
}

/** EntryBlockBuilder appends entries as lines that are canonical already, or as fields. */
export class EntryBlockBuilder {
  #bytes: Buffer;
  #size = 0;
  #count = 0;
  #columns = createBlockColumns(0);
  readonly #services = new Map<string, number>();
  #maxLineBytes = 0;
  #minMs = Infinity;
  #maxMs = -Infinity;

  constructor(expectedBytes: number) {
    this.#bytes = expectedBytes > SCRATCH_BYTES ? Buffer.allocUnsafeSlow(expectedBytes) : takeScratch();
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** serviceNumber is what stands for a service in this block. */
  serviceNumber(service: string): number {
    let number = this.#services.get(service);
    if (number === undefined) this.#services.set(service, (number = this.#services.size));
    return number;
  }

  /** addLines appends lines that are canonical already. */
  addLines(lines: CanonicalLines, columns: BlockColumns): void {
    this.#reserve(lines.bytes.length);
    lines.bytes.copy(this.#bytes, this.#size);
    const count = this.#count + lines.count;
    if (count > this.#columns.ends.length) this.#columns = growBlockColumns(this.#columns, this.#count, count);
    appendBlockColumns(columns, 0, lines.count, this.#columns, this.#count);
    this.#size += lines.bytes.length;
    this.#count = count;
    this.#maxLineBytes = Math.max(this.#maxLineBytes, lines.maxLineBytes);
    this.#minMs = Math.min(this.#minMs, lines.minMs);
    this.#maxMs = Math.max(this.#maxMs, lines.maxMs);
  }

  add(fields: EntryFields): void {
    const service = serviceSegment(fields.service);
    const level = levelSegment(fields.level, fields.levelOriginal ?? "");
    let tags = "";
    for (const [key, value] of fields.tags) {
      tags += `${tags === "" ? "" : ","}${JSON.stringify(key)}:${JSON.stringify(value)}`;
    }
    tags = `{${tags}}}\n`;
    const tail = `${JSON.stringify(fields.message).slice(1)},"tags":${tags}`;
    this.#reserve(FIXED_LINE_BYTES + service.length + level.length + Buffer.byteLength(tail));
    const target = this.#bytes;
    let at = write(LINE_START, target, this.#size);
    at += target.write(formatTimestamp(fields.timestamp), at, "latin1");
    at = write(service, target, at);
    at = write(level, target, at);
    at += target.write(tail, at, "utf8");

    const i = this.#count++;
    if (i === this.#columns.ends.length) {
      this.#columns = growBlockColumns(this.#columns, i, Math.max(FIRST_ENTRIES, this.#count));
    }
    this.#columns.ends[i] = at;
    this.#columns.ms[i] = fields.timestamp.ms;
    this.#columns.subMsNs[i] = fields.timestamp.subMsNs;
    this.#columns.serviceOf[i] = this.serviceNumber(fields.service);
    this.#columns.levelOf[i] = LEVELS.indexOf(fields.level);
    this.#columns.tagsStart[i] = at - Buffer.byteLength(tags);
    this.#maxLineBytes = Math.max(this.#maxLineBytes, at - this.#size);
    this.#minMs = Math.min(this.#minMs, fields.timestamp.ms);
    this.#maxMs = Math.max(this.#maxMs, fields.timestamp.ms);
    this.#size = at;
  }

  /** A small request must not keep the room that was reserved for it, since blocks live until their batch is sealed. */
  build(): EntryBlock {
    const lines = this.#bytes.subarray(0, this.#size);
    const isRoomy = this.#bytes.length === SCRATCH_BYTES || this.#bytes.length > this.#size * 1.25;
    const bytes = isRoomy ? Buffer.from(lines) : lines;
    giveScratch(this.#bytes);
    this.#bytes = NO_BYTES;
    const { ends, ms, subMsNs, serviceOf, levelOf, tagsStart } = fitBlockColumns(this.#columns, this.#count);
    // Each by its name: spread, they would make an object that is slow to read.
    return {
      ends,
      ms,
      subMsNs,
      serviceOf,
      levelOf,
      tagsStart,
      count: this.#count,
      bytes,
      services: [...this.#services.keys()],
      maxLineBytes: this.#maxLineBytes,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
    };
  }

  #reserve(lineBytes: number): void {
    if (this.#size + lineBytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#size + lineBytes, Math.ceil(this.#bytes.length * 1.5)));
    this.#bytes.copy(grown, 0, 0, this.#size);
    giveScratch(this.#bytes);
    this.#bytes = grown;
  }
}

/** Small bodies are mostly decoded one after another, and memory taken anew for each would be garbage at once. */
const SCRATCH_BYTES = 64 * 1024;
const NO_BYTES = Buffer.alloc(0);
let scratch: Buffer | null = null;

function takeScratch(): Buffer {
  const taken = scratch ?? Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  scratch = null;
  return taken;
}

/** Nothing may point into it any more. */
function giveScratch(memory: Buffer): void {
  if (memory.length === SCRATCH_BYTES) scratch = memory;
}

/** A loop: for so few bytes the call into the runtime costs more than the copy. */
function write(piece: Buffer, target: Buffer, at: number): number {
  for (let i = 0; i < piece.length; i++) target[at++] = piece[i] as number;
  return at;
}
