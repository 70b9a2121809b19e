import { open, rm } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { reasonOf } from "#app/core/errors.ts";
import type { EngineAnswer, EngineMessage, EngineStatement } from "#app/server/search/engine-messages.ts";
import type { SqlValue } from "#app/server/search/compile-sql.ts";
import { openDuckDb } from "#app/server/search/open-duckdb.ts";
import { jsonNames, storedLineOf } from "#app/server/search/tier1-lines.ts";

/** The process that scans compacted objects. It is told what to run by the server alone, and ends with it. */
let instance: Promise<DuckDBInstance> | null = null;
const idle: DuckDBConnection[] = [];
const running = new Map<number, DuckDBConnection>();
/** Cancelled before they began. */
const cancelled = new Set<number>();

/** Two milliseconds' work. */
const ROWS_AT_A_TIME = 256;

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
): Promise<{ rows: unknown[][] } | { lines: Buffer }> {
  if (lines === null) return { rows: (await connection.runAndReadAll(sql, values)).getRows() };
  const { promotedKeys, filePath } = lines;
  const written: Buffer[] = [];
  if (filePath === null) {
    await writeLines(connection, { sql, values, promotedKeys }, async (bytes) => void written.push(bytes));
    return { lines: Buffer.concat(written) };
  }
  // A process that was lost while it ran the same statement may have left a part of it.
  await rm(filePath, { force: true });
  const file = await open(filePath, "wx");
  try {
    return { rows: [[await writeLines(connection, { sql, values, promotedKeys }, (bytes) => file.appendFile(bytes))]] };
  } catch (error) {
    await rm(filePath, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Hands on the lines of some rows at a time, between which other statements get theirs, and returns how many there were. */
async function writeLines(
  connection: DuckDBConnection,
  { sql, values, promotedKeys }: { sql: string; values: SqlValue[]; promotedKeys: string[] },
  write: (bytes: Buffer) => Promise<void>,
): Promise<number> {
  const names = jsonNames(promotedKeys);
  const result = await connection.stream(sql, values);
  let count = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const columns = Array.from({ length: chunk.columnCount }, (_, i) => chunk.getColumnVector(i));
    for (let from = 0; from < chunk.rowCount; from += ROWS_AT_A_TIME) {
      let lines = "";
      for (let row = from; row < Math.min(from + ROWS_AT_A_TIME, chunk.rowCount); row++) {
        lines += storedLineOf(
          columns.map((column) => column.getItem(row)),
          names,
        );
      }
      await write(Buffer.from(lines));
      await setImmediate();
    }
    count += chunk.rowCount;
  }
  return count;
}
