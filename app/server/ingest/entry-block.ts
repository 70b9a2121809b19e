import { LEVELS, normaliseLevel, type Level } from "#app/core/level.ts";
import { formatTimestamp, type TimestampParts } from "#app/core/timestamp.ts";

/**
 * EntryBlock is the accepted entries of one request: canonical lines one after another, and beside them in columns
 * what sorting, cutting and counting need, so that no line is parsed twice.
 *
 * A canonical line has its fields in this order, no white space, strings as JSON.stringify writes them, and ends in LF:
 * `{"timestamp":"…","service":"…","level":"…"[,"levelOriginal":"…"],"message":"…","tags":{"k":"v",…}}`
 * `canonical-line.ts` reads it back; the two change together.
 */
export interface EntryBlock {
  count: number;
  bytes: Buffer;
  /** Offset in `bytes` behind the LF of line i. */
  ends: Uint32Array;
  ms: Float64Array;
  subMsNs: Uint32Array;
  /** Distinct services; `serviceOf[i]` is an index into it. */
  services: string[];
  serviceOf: Uint32Array;
  /** Index into LEVELS. */
  levelOf: Uint8Array;
  /** Offset in `bytes` of line i's tags, at their opening brace. */
  tagsStart: Uint32Array;
  maxLineBytes: number;
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
const TAGS_START = Buffer.from('","tags":');
const NO_TAGS = Buffer.from("{}");
const LF = 10;

/** Room for the fixed parts of a line: names, quotes, level, timestamp. */
const FIXED_LINE_BYTES = 192;

/** ServiceSegment is the piece between timestamp and level, which many lines share; `index` is the service's in the block. */
export interface ServiceSegment {
  index: number;
  bytes: Buffer;
}
/** LevelSegment is the piece between service and message. */
export interface LevelSegment {
  level: number;
  bytes: Buffer;
}

const levelSegments = new Map<string, LevelSegment>();
/** Senders have a few spellings; whoever makes up thousands only makes the table start again. */
const MAX_LEVEL_SEGMENTS = 512;

/** levelSegment finds or makes the piece between service and message for a level as the sender spelled it ("" when not). */
export function levelSegment(spelling: string): LevelSegment {
  return levelSegments.get(spelling) ?? makeLevelSegment(spelling, normaliseLevel(spelling), spelling);
}

/** levelSegmentOf is levelSegment for wire formats that give the level beside its spelling. */
export function levelSegmentOf(level: Level, levelOriginal: string | null): LevelSegment {
  // Both make the key; LF is in no spelling.
  const key = `${level}\n${levelOriginal ?? ""}`;
  return levelSegments.get(key) ?? makeLevelSegment(key, level, levelOriginal ?? "");
}

function makeLevelSegment(key: string, level: Level, spelling: string): LevelSegment {
  const original = spelling === "" || spelling === level ? '"' : `","levelOriginal":${JSON.stringify(spelling)}`;
  const segment = {
    level: LEVELS.indexOf(level),
    bytes: Buffer.from(`","level":"${level}${original},"message":"`),
  };
  if (levelSegments.size >= MAX_LEVEL_SEGMENTS) levelSegments.clear();
  levelSegments.set(key, segment);
  return segment;
}

/** EntryBlockBuilder appends entries, either slice by slice from the sender's bytes or as fields. */
export class EntryBlockBuilder {
  #bytes: Buffer;
  #size = 0;
  #count = 0;
  #ends: Uint32Array;
  #ms: Float64Array;
  #subMsNs: Uint32Array;
  #serviceOf: Uint32Array;
  #levelOf: Uint8Array;
  #tagsStart: Uint32Array;
  readonly #services = new Map<string, ServiceSegment>();
  #maxLineBytes = 0;

  constructor(expectedBytes: number, expectedEntries: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1024, expectedBytes));
    const entries = Math.max(16, expectedEntries);
    this.#ends = new Uint32Array(entries);
    this.#ms = new Float64Array(entries);
    this.#subMsNs = new Uint32Array(entries);
    this.#serviceOf = new Uint32Array(entries);
    this.#levelOf = new Uint8Array(entries);
    this.#tagsStart = new Uint32Array(entries);
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** serviceSegment finds or makes the piece between timestamp and level for a service's name. */
  serviceSegment(service: string): ServiceSegment {
    let segment = this.#services.get(service);
    if (segment === undefined) {
      segment = {
        index: this.#services.size,
        bytes: Buffer.from(`","service":${JSON.stringify(service).slice(0, -1)}`),
      };
      this.#services.set(service, segment);
    }
    return segment;
  }

  /**
   * addSlices appends an entry whose message (without quotes) and tags (with braces) are canonical in `source` already,
   * as is the timestamp's text.
   */
  addSlices(
    source: Buffer,
    slices: {
      timestampStart: number;
      timestampEnd: number;
      messageStart: number;
      messageEnd: number;
      tagsStart: number;
      tagsEnd: number;
    },
    ms: number,
    subMsNs: number,
    service: ServiceSegment,
    level: LevelSegment,
  ): void {
    const { timestampStart, timestampEnd, messageStart, messageEnd, tagsStart, tagsEnd } = slices;
    this.#reserve(
      FIXED_LINE_BYTES +
        service.bytes.length +
        level.bytes.length +
        (messageEnd - messageStart) +
        (tagsEnd - tagsStart),
    );
    const start = this.#size;
    const target = this.#bytes;
    let at = copy(LINE_START, 0, LINE_START.length, target, start);
    at = copy(source, timestampStart, timestampEnd, target, at);
    at = copy(service.bytes, 0, service.bytes.length, target, at);
    at = copy(level.bytes, 0, level.bytes.length, target, at);
    let ownTagsStart: number;
    if (tagsStart === messageEnd + TAGS_START.length) {
      // Senders that write the fields in our order have the same bytes between message and tags, so one copy does.
      ownTagsStart = at + tagsStart - messageStart;
      at = copy(source, messageStart, tagsEnd, target, at);
    } else {
      at = copy(source, messageStart, messageEnd, target, at);
      ownTagsStart = at = copy(TAGS_START, 0, TAGS_START.length, target, at);
      at =
        tagsEnd === tagsStart
          ? copy(NO_TAGS, 0, NO_TAGS.length, target, at)
          : copy(source, tagsStart, tagsEnd, target, at);
    }
    target[at++] = 0x7d;
    target[at++] = LF;
    this.#finishLine(at, ownTagsStart, ms, subMsNs, service.index, level.level);
  }

  add(fields: EntryFields): void {
    const service = this.serviceSegment(fields.service);
    const level = levelSegmentOf(fields.level, fields.levelOriginal);
    let tags = "";
    for (const [key, value] of fields.tags) {
      tags += `${tags === "" ? "" : ","}${JSON.stringify(key)}:${JSON.stringify(value)}`;
    }
    tags = `{${tags}}}\n`;
    const tail = `${JSON.stringify(fields.message).slice(1)},"tags":${tags}`;
    this.#reserve(FIXED_LINE_BYTES + service.bytes.length + level.bytes.length + Buffer.byteLength(tail));
    const target = this.#bytes;
    let at = copy(LINE_START, 0, LINE_START.length, target, this.#size);
    at += target.write(formatTimestamp(fields.timestamp), at, "latin1");
    at = copy(service.bytes, 0, service.bytes.length, target, at);
    at = copy(level.bytes, 0, level.bytes.length, target, at);
    at += target.write(tail, at, "utf8");
    const { ms, subMsNs } = fields.timestamp;
    this.#finishLine(at, at - Buffer.byteLength(tags), ms, subMsNs, service.index, level.level);
  }

  /** A small request must not keep the room that was reserved for it, since blocks live until their batch is sealed. */
  build(): EntryBlock {
    const isSlack = this.#ends.length > this.#count * 1.5;
    const trim = <T extends Uint32Array | Float64Array | Uint8Array>(column: T): T =>
      (isSlack ? column.slice(0, this.#count) : column.subarray(0, this.#count)) as T;
    const lines = this.#bytes.subarray(0, this.#size);
    return {
      count: this.#count,
      bytes: this.#bytes.length > this.#size * 1.25 ? Buffer.from(lines) : lines,
      ends: trim(this.#ends),
      ms: trim(this.#ms),
      subMsNs: trim(this.#subMsNs),
      services: [...this.#services.keys()],
      serviceOf: trim(this.#serviceOf),
      levelOf: trim(this.#levelOf),
      tagsStart: trim(this.#tagsStart),
      maxLineBytes: this.#maxLineBytes,
    };
  }

  #finishLine(end: number, tagsStart: number, ms: number, subMsNs: number, service: number, level: number): void {
    if (this.#count === this.#ends.length) this.#growColumns();
    const i = this.#count++;
    this.#maxLineBytes = Math.max(this.#maxLineBytes, end - this.#size);
    this.#size = end;
    this.#ends[i] = end;
    this.#ms[i] = ms;
    this.#subMsNs[i] = subMsNs;
    this.#serviceOf[i] = service;
    this.#levelOf[i] = level;
    this.#tagsStart[i] = tagsStart;
  }

  #reserve(lineBytes: number): void {
    if (this.#size + lineBytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#size + lineBytes, Math.ceil(this.#bytes.length * 1.5)));
    this.#bytes.copy(grown, 0, 0, this.#size);
    this.#bytes = grown;
  }

  #growColumns(): void {
    const capacity = this.#ends.length * 2;
    this.#ends = grow(this.#ends, new Uint32Array(capacity));
    this.#ms = grow(this.#ms, new Float64Array(capacity));
    this.#subMsNs = grow(this.#subMsNs, new Uint32Array(capacity));
    this.#serviceOf = grow(this.#serviceOf, new Uint32Array(capacity));
    this.#levelOf = grow(this.#levelOf, new Uint8Array(capacity));
    this.#tagsStart = grow(this.#tagsStart, new Uint32Array(capacity));
  }
}

function grow<T extends Uint32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Below this many bytes a loop beats the call into the runtime. */
const LOOP_COPY_BYTES = 48;

function copy(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  const length = end - start;
  if (length > LOOP_COPY_BYTES) {
    source.copy(target, at, start, end);
    return at + length;
  }
  for (let from = start; from < end; from++) target[at++] = source[from] as number;
  return at;
}
