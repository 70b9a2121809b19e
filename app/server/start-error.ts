import { AkavelogError } from "#app/core/errors.ts";

/** StartError is for the operator to mend: where in the code it was noticed tells them nothing, so the log has the sentence alone. */
export class StartError extends AkavelogError {
  constructor(message: string) {
    super("CANNOT_START", message);
    this.stack = `${this.name}: ${message}`;
  }
}

/** Errors whose message names the remedy. */
const EXPLAINED = new Set(["BAD_SECRET", "DATA_DIR_LOCKED", "EMBEDDED_POSTGRES", "UNUSABLE_DATABASE"]);

const FULL = /ENOSPC|EDQUOT|No space left on device/;

/** toStartError makes one sentence of what keeps the process from starting; whatever nobody foresaw stays as it is. */
export function toStartError(error: unknown, dataDir: string): unknown {
  if (!(error instanceof Error)) return error;
  if (FULL.test(error.message))
    return new StartError(`cannot start: the disk is full; make room for DATA_DIR ${dataDir}`);
  if (error instanceof AkavelogError) return EXPLAINED.has(error.code) ? new StartError(error.message) : error;
  const problem = problemOf(error, dataDir);
  return problem === null ? error : new StartError(`cannot start: ${problem}`);
}

function problemOf(error: NodeJS.ErrnoException & { port?: number; address?: string }, dataDir: string): string | null {
  const { code = "", syscall = "", path = dataDir } = error;
  if (syscall === "listen" || syscall === "bind") {
    return `cannot listen for syslog on ${error.address}:${error.port} (${code}); see SYSLOG_HOST, SYSLOG_TCP_PORT and SYSLOG_UDP_PORT`;
  }
  switch (code) {
    case "EACCES":
    case "EPERM":
      return `the user of this process may not use ${path}; give DATA_DIR ${dataDir} to that user, or set another DATA_DIR`;
    case "EROFS":
      return `DATA_DIR ${dataDir} is on a file system that cannot be written to; set another DATA_DIR`;
    case "ENOTDIR":
    case "EEXIST":
      return `${path} is no folder; set another DATA_DIR`;
    default:
      return null;
  }
}
