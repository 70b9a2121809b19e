import { setImmediate as nextTurn } from "node:timers/promises";
import { EntryBlockBuilder } from "#app/server/ingest/entry-block.ts";
import { MAX_REQUEST_LINES_BYTES } from "#app/server/ingest/entry-limits.ts";
import { MAX_REPORTED_ERRORS, type DecodedRecords, type RecordError } from "#app/server/protocols/json/decode-json.ts";
import { FIELD_SYNONYMS, UNKNOWN_SERVICE, normaliseRecord } from "#app/server/protocols/json/normalise-record.ts";
import type { Members } from "#app/server/protocols/json-text.ts";
import { KernelWindow } from "#app/server/protocols/kernel-window.ts";
import { openLine, type LineSettings, type MappedFields } from "#app/server/protocols/open-line.ts";
import { BodyError } from "#app/server/protocols/read-body.ts";
import { renameTraceTags } from "#app/server/protocols/trace-names.ts";

export interface RecordSinkOptions {
  receivedAtMs: number;
  lines: LineSettings;
  /** Size of what is decoded; a first guess at the size of the lines. */
  bodyBytes: number;
}

/** Adjust looks at the mapped fields before the entry is made of them. */
export type Adjust = (fields: MappedFields) => void;

/** Bytes that are decoded before other requests get their turn. */
export const TURN_BYTES = 512 * 1024;

/**
 * RecordSink gathers what a wire format finds: entries into a block, refusals with their positions. Every format but the
 * JSON of `/ingest` maps its records here, so that the same content becomes the same entry.
 */
export class RecordSink {
  readonly builder: EntryBlockBuilder;
  readonly receivedAtMs: number;
  readonly lines: LineSettings;
  readonly #errors: RecordError[] = [];
  #window: KernelWindow | null = null;
  #index = 0;
  #rejected = 0;

  constructor({ receivedAtMs, lines, bodyBytes }: RecordSinkOptions) {
    this.builder = new EntryBlockBuilder(bodyBytes + (bodyBytes >> 2));
    this.receivedAtMs = receivedAtMs;
    this.lines = lines;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** openWindow shows the body to the kernel, whose lines come between those that are added; the caller closes it. */
  openWindow(body: Buffer): KernelWindow {
    return (this.#window = new KernelWindow(body, this.builder));
  }

  /** counted notes entries that the kernel took. */
  counted(entries: number): void {
    this.#index += entries;
  }

  refuse(reason: string): void {
    if (this.#errors.length < MAX_REPORTED_ERRORS) this.#errors.push({ index: this.#index, reason });
    this.#rejected++;
    this.#index++;
  }

  /** add maps one record; returns why it is refused, or null. `fallbackService` counts when neither record nor line has one. */
  add(members: Members, options: { adjust?: Adjust; fallbackService?: string } = {}): string | null {
    this.assertRoom();
    const result = normaliseRecord(members, this.receivedAtMs);
    if ("refused" in result) {
      this.refuse(result.refused);
      return result.refused;
    }
    let fields: MappedFields = { ...result.fields, tags: new Map(result.fields.tags) };
    options.adjust?.(fields);
    fields = openLine(fields, this.lines, this.receivedAtMs, hasTimestamp(members));
    renameTraceTags(fields.tags);
    if (fields.service === UNKNOWN_SERVICE && options.fallbackService) fields.service = options.fallbackService;
    this.#window?.flush();
    this.builder.add(fields);
    this.#index++;
    return null;
  }

  /** assertRoom throws BodyError when the lines become too many. */
  assertRoom(): void {
    if (this.builder.sizeBytes > MAX_REQUEST_LINES_BYTES) {
      throw new BodyError(
        413,
        `its records make more than ${MAX_REQUEST_LINES_BYTES} bytes of lines; send it in pieces`,
      );
    }
  }

  finish(): DecodedRecords {
    this.#window?.flush();
    return { block: this.builder.build(), rejected: this.#rejected, errors: this.#errors };
  }
}

function hasTimestamp(members: Members): boolean {
  return FIELD_SYNONYMS.timestamp.some((name) => {
    const kind = members.get(name)?.kind;
    return kind === "string" || kind === "number";
  });
}

/** inTurns runs a decoder that yields after about TURN_BYTES, and lets other requests have theirs in between. */
export async function inTurns(decoder: Generator<void, void>): Promise<void> {
  while (decoder.next().done !== true) await nextTurn();
}
