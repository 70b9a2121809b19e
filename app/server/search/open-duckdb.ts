import { DuckDBInstance, DuckDBScalarFunction, INTEGER, VARCHAR } from "@duckdb/node-api";
import { compareDecimals, parseDecimal } from "#app/core/query/decimal.ts";
import { COMPARE_FUNCTION, quoted } from "#app/server/search/sql-names.ts";

export interface DuckDbOptions {
  /** All that it may read and write. */
  directories: readonly string[];
  temporaryDirectory: string;
  memoryLimitMb: number;
  threads: number;
}

/**
 * openDuckDb opens an empty database that can do nothing but read and write files in these folders: no extension, no
 * network, and no statement can change that.
 */
export async function openDuckDb(options: DuckDbOptions): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threads),
    memory_limit: `${options.memoryLimitMb}MB`,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    temp_directory: options.temporaryDirectory,
  });
  const connection = await instance.connect();
  try {
    connection.registerScalarFunction(compareFunction());
    await connection.run("set TimeZone = 'UTC'");
    // A statement with a small limit would look for its rows first and then read them from every row group of the file, also
    // from those that are not there.
    await connection.run("set global disabled_optimizers = 'late_materialization'");
    // It keeps what it read of a file, and what lies between, where a part may come only later.
    await connection.run("set enable_external_file_cache = false");
    await connection.run(`set allowed_directories = [${options.directories.map((one) => quoted(one)).join(", ")}]`);
    await connection.run("set enable_external_access = false");
    await connection.run("set lock_configuration = true");
  } finally {
    connection.disconnectSync();
  }
  return instance;
}

function compareFunction(): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name: COMPARE_FUNCTION,
    parameterTypes: [VARCHAR, VARCHAR],
    returnType: INTEGER,
    mainFunction(_, input, output) {
      for (let row = 0; row < input.rowCount; row++) {
        const [value, literal] = input.getRowValues(row).map((text) => parseDecimal(String(text)));
        output.setItem(row, value && literal ? Math.sign(compareDecimals(value, literal)) : null);
      }
      output.flush();
    },
  });
}
