import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from "@duckdb/node-api";
import { reasonOf } from "#app/core/errors.ts";
import type { EngineAnswer, EngineMessage, EngineStatement } from "#app/server/search/engine-messages.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { jsonNames, lineOf } from "#app/server/search/tier1-lines.ts";

/** The process that scans compacted objects. It is told what to run by the server alone, and ends with it. */
let instance: Promise<DuckDBInstance> | null = null;
const idle: DuckDBConnection[] = [];
const running = new Map<number, DuckDBConnection>();
/** Cancelled before they began. */
const cancelled = new Set<number>();

process.on("disconnect", () => process.exit());
process.on("message", (message: EngineMessage) => {
  if (message.kind === "open") instance = openDuckDb(message.options);
  else if (message.kind === "cancel") cancel(message.id);
  else void answer(message);
});

function cancel(id: number): void {
  const connection = running.get(id);
  if (connection === undefined) cancelled.add(id);
  else connection.interrupt();
}

async function answer(statement: EngineStatement): Promise<void> {
  const { id } = statement;
  let result: EngineAnswer;
  let connection: DuckDBConnection | undefined;
  try {
    const database = await instance;
    if (database === null) throw new Error("the engine is not open");
    connection = idle.pop() ?? (await database.connect());
    running.set(id, connection);
    if (cancelled.delete(id)) throw new Error("cancelled");
    result = { id, ...(await run(connection, statement)) };
  } catch (error) {
    result = { id, failed: reasonOf(error) };
  }
  running.delete(id);
  cancelled.delete(id);
  if (connection !== undefined) idle.push(connection);
  process.send?.(result);
}

async function run(
  connection: DuckDBConnection,
  { sql, values, lines }: EngineStatement,
): Promise<{ rows: DuckDBValue[][] } | { bytes: Buffer; ends: Uint32Array }> {
  const reader = await connection.runAndReadAll(sql, values);
  const rows = reader.getRows();
  if (lines === null) return { rows };
  const names = jsonNames(lines.promotedKeys);
  const ends = new Uint32Array(rows.length);
  const written: Buffer[] = [];
  let size = 0;
  for (const [i, row] of rows.entries()) {
    const line = Buffer.from(lineOf(row, names));
    written.push(line);
    ends[i] = size += line.length;
  }
  return { bytes: Buffer.concat(written, size), ends };
}
