import type { SqlValue } from "#app/server/search/compile-sql.ts";
import type { DuckDbOptions } from "#app/server/search/open-duckdb.ts";

/**
 * EngineStatement is one statement; with `lines` its rows are those of `lineColumns` and become stored lines, which come back
 * or go into a new file.
 */
export interface EngineStatement {
  kind: "run";
  id: number;
  sql: string;
  values: SqlValue[];
  lines: { promotedKeys: string[]; filePath: string | null } | null;
}

export type EngineMessage = { kind: "open"; options: DuckDbOptions } | EngineStatement | { kind: "cancel"; id: number };

export type EngineAnswer =
  { id: number; rows: unknown[][] } | { id: number; lines: Uint8Array } | { id: number; failed: string };
