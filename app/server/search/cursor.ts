import { createHash } from "node:crypto";
import { z } from "zod";
import type { QueryRequest } from "#app/core/query-request.ts";

/** Cursor is where a page ended and what it was a page of. */
export interface Cursor {
  fromNs: bigint;
  toNs: bigint;
  queryHash: string;
  /** Position of the last entry that was sent. */
  timestampNs: bigint;
  id: string;
  /** The process that answered, by its WAL: only it sees the same fresh entries. */
  walId: string;
}

/** The index keeps times as signed 64-bit integers and refuses larger ones. */
const nanoseconds = z
  .string()
  .regex(/^\d{1,19}$/)
  .transform(BigInt)
  .refine((timestampNs) => timestampNs < 2n ** 63n);
const cursorSchema = z.tuple([
  z.literal(1),
  nanoseconds,
  nanoseconds,
  z.string().max(64),
  nanoseconds,
  z.string().max(128),
  z.string().max(64),
]);

export function encodeCursor(cursor: Cursor): string {
  const { fromNs, toNs, queryHash, timestampNs, id, walId } = cursor;
  const fields = [1, String(fromNs), String(toNs), queryHash, String(timestampNs), id, walId];
  return Buffer.from(JSON.stringify(fields)).toString("base64url");
}

/** decodeCursor returns null for anything that is not a cursor of ours. */
export function decodeCursor(text: string): Cursor | null {
  try {
    const fields = cursorSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
    const [, fromNs, toNs, queryHash, timestampNs, id, walId] = fields;
    return { fromNs, toNs, queryHash, timestampNs, id, walId };
  } catch {
    // Whatever is wrong with it, the caller says that it is not a cursor.
    return null;
  }
}

/** queryHash tells queries apart: everything but limit and cursor belongs to it, and so does the project. */
export function queryHash(projectId: string, request: QueryRequest): string {
  const { from, to, query, service, level, tags, keyword, order } = request;
  const text = JSON.stringify([
    projectId,
    from,
    to,
    query,
    service,
    level,
    Object.entries(tags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    keyword,
    order,
  ]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
