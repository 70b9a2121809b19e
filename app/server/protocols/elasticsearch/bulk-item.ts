import { createJsonCursor, readValue, skipWhitespace, type JsonValue } from "#app/server/protocols/json/json-reader.ts";
import { MAX_MEMBERS } from "#app/server/ingest/entry-limits.ts";
import { TOO_DEEP } from "#app/server/protocols/json/normalise-record.ts";
import type { Members } from "#app/server/protocols/json-text.ts";

/** BulkAction is the line before a document. */
export interface BulkAction {
  name: "create" | "index" | "update" | "delete";
  index: string;
  /** "" when the sender leaves it to us. */
  id: string;
}

const NAMES: ReadonlySet<string> = new Set(["create", "index", "update", "delete"]);

/** readAction reads `{"create":{"_index":…,"_id":…}}`; returns what is wrong with it as text. */
export function readAction(line: Buffer, defaultIndex: string): BulkAction | string {
  const members = readObject(line);
  if (typeof members === "string") return members;
  const [entry] = members;
  if (entry === undefined || members.size !== 1) return "expected one of create, index, update, delete";
  const [name, parameters] = entry;
  if (!NAMES.has(name) || parameters.kind !== "object") return `unknown action [${name.slice(0, 50)}]`;
  const isCreate = name === "index" && textOf(parameters.members.get("op_type")) === "create";
  return {
    name: (isCreate ? "create" : name) as BulkAction["name"],
    index: textOf(parameters.members.get("_index")) || defaultIndex,
    id: textOf(parameters.members.get("_id")),
  };
}

/** readDocument reads the line behind an action; an update's document is wrapped. Returns what is wrong with it as text. */
export function readDocument(line: Buffer, action: BulkAction): Members | string {
  const members = readObject(line);
  if (typeof members === "string" || action.name !== "update") return members;
  const wrapped = members.get("doc") ?? members.get("upsert");
  return wrapped?.kind === "object" ? wrapped.members : "an update needs doc or upsert";
}

function readObject(line: Buffer): Members | string {
  const cursor = createJsonCursor(line);
  skipWhitespace(cursor);
  const value = readValue(cursor, 1);
  if (value === null) return `not valid JSON at byte ${cursor.at + 1} of the line: ${cursor.problem}`;
  skipWhitespace(cursor);
  if (cursor.at < line.length) return `not valid JSON at byte ${cursor.at + 1} of the line: expected its end`;
  if (value.kind !== "object") return "a line must be a JSON object";
  if (cursor.tooDeep) return TOO_DEEP;
  return cursor.members > MAX_MEMBERS ? `more than ${MAX_MEMBERS} fields` : value.members;
}

function textOf(value: JsonValue | undefined): string {
  return value?.kind === "string" || value?.kind === "number" ? value.text : "";
}
