import type { SqlValue } from "#app/server/search/compile-sql.ts";
import type { DuckDbOptions } from "#app/server/search/open-duckdb.ts";

/** EngineStatement is one statement; with `lines` its rows are those of `lineColumns` and come back as canonical lines. */
export interface EngineStatement {
  kind: "run";
  id: number;
  sql: string;
  values: SqlValue[];
  lines: { promotedKeys: string[] } | null;
}

export type EngineMessage =
  { kind: "open"; options: DuckDbOptions } | EngineStatement | { kind: "cancel"; id: number };

export type EngineAnswer =
  | { id: number; rows: EngineValue[][] }
  | { id: number; bytes: Uint8Array; ends: Uint32Array }
  | { id: number; failed: string };

/** The types of DuckDB that our statements select. */
export type EngineValue = unknown;
