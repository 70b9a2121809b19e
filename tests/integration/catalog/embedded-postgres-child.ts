import pino from "pino";
import { openEmbeddedPostgres } from "#app/server/catalog/embedded-postgres.ts";

/** A process of its own for the tests to kill: opens the server, says where, and waits. */
const [dataDir = "", sharedRoot = ""] = process.argv.slice(2);
const server = await openEmbeddedPostgres({ dataDir, sharedRoot, logger: pino({ level: "silent" }) });
process.stdout.write(`${server.url}\n`);
setInterval(() => undefined, 60_000);
