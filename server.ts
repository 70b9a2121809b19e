import { realpathSync } from "node:fs";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { multistream, pino, type Logger } from "pino";
import { version } from "./package.json";
import * as build from "virtual:remix/server-build";
import { reasonOf } from "#app/core/errors.ts";
import { readEnv, type Env } from "#app/server/env.ts";
import { closeServer } from "#app/server/http/close-server.ts";
import { createApp } from "#app/server/http/create-app.ts";
import { createHttpServer } from "#app/server/http/http-server.ts";
import { createRouteHandlers } from "#app/server/http/route-handlers.ts";
import { startRuntime } from "#app/server/runtime.ts";
import { realWorld, type World } from "#app/server/world.ts";
import type { Telemetry } from "#app/server/telemetry/telemetry.ts";

/** A stopping server waits this long for answers in flight, then cuts them off. */
const DRAIN_MS = 3_000;
/** Whatever hangs: what was accepted is safe in the WAL, and the process must be gone within 10 s. */
const STOP_MS = 9_500;

/** Long enough to answer 503 to those who wait, short enough that nothing else is promised meanwhile. */
const FATAL_EXIT_MS = 200;

/**
 * The heap is collected when it, and the memory outside that hangs on it, have grown by this share since the last time. By
 * itself V8 lets it grow by a tenth to fourfold, and takes the memory of lines, which comes and goes, for growth: the same
 * million lines have it collected nine times in one run and fifteen in the next, with a peak of 245 to 257 MB instead of 226 to
 * 242.
 */
const HEAP_GROWING_PERCENT = 130;

/**
 * startServer runs the whole process. `world` is what it touches outside itself; crash tests hand in one in which it dies
 * between two steps.
 */
export async function startServer(world: World = realWorld): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const env = readEnvOrExit();
  const telemetry = await loadTelemetry(env);
  const logger = createLogger(env, telemetry);
  const stopping = new AbortController();
  const runtime = startRuntime({
    env,
    logger,
    world,
    ...(telemetry === null ? {} : { tracer: telemetry.tracer }),
    // The bundle is build/server/index.js.
    workers: {
      seal: new URL("./seal-worker.js", import.meta.url),
      compaction: new URL("./compaction-worker.js", import.meta.url),
      engine: new URL("./engine-worker.js", import.meta.url),
      scan: new URL("./scan-worker.js", import.meta.url),
    },
    migrationsFolder: fileURLToPath(new URL("../../drizzle", import.meta.url)),
    onFatal(error) {
      logger.fatal({ err: error }, error instanceof Error ? error.message : "fatal error");
      setTimeout(() => process.exit(1), FATAL_EXIT_MS);
    },
  });
  telemetry?.exportMetrics(runtime.metrics.registry);
  const routes = createRouteHandlers(build);
  const app = createApp({
    handlerOf: routes.handlerOf,
    onAnswered: ({ pathname, ...answer }) =>
      runtime.metrics.observeAnswer({ ...answer, route: routes.labelOf(pathname) }),
    ...(telemetry === null
      ? {}
      : {
          around: ({ method = "", headers }, pathname, response, answer) =>
            telemetry.traceRequest(
              { method, route: routes.labelOf(pathname), headers, status: () => response.statusCode },
              answer,
            ),
        }),
    runtime,
    logger,
    stopping: stopping.signal,
    clientDirectory: fileURLToPath(new URL("../client", import.meta.url)),
    trustProxy: env.trustProxy,
  });

  const server = createHttpServer(app);

  // Listening does not wait for the runtime: /healthz answers from the first moment.
  server.listen(env.port, env.host, () => {
    logger.info(`Akavelog listens on ${addressOf(server)} - open it in a browser for the first steps`);
  });
  server.on("error", (error: NodeJS.ErrnoException) => {
    logger.fatal(`cannot start: cannot listen on ${env.host}:${env.port} (${error.code}); set another HOST or PORT`);
    void stop(1);
  });

  // Not once: a signal that nobody hears ends the process where it stands, and whoever stops it may send two.
  process.on("SIGTERM", () => void stop(0));
  process.on("SIGINT", () => void stop(0));

  async function stop(exitCode: number): Promise<void> {
    if (stopping.signal.aborted) return;
    stopping.abort();
    const deadline = setTimeout(() => {
      logger.error("cannot stop in time: leaving what is unfinished to the next start");
      process.exit(exitCode);
    }, STOP_MS);
    deadline.unref();
    // Answers in flight still need the runtime.
    await closeServer(server, DRAIN_MS);
    await runtime.close().catch((error: unknown) => logger.error({ err: error }, "cannot close cleanly"));
    await telemetry?.close();
    process.exit(exitCode);
  }
}

/** What is not asked for is not loaded. */
async function loadTelemetry({ telemetry, logLevel }: Env): Promise<Telemetry | null> {
  if (telemetry === null) return null;
  const { openTelemetry } = await import("#app/server/telemetry/open-telemetry.ts");
  // Its own trouble is written here and not exported, where it would only make more of it.
  const logger = pino({ level: logLevel });
  return openTelemetry({
    ...telemetry,
    version,
    onTrouble: (message) => logger.warn(`cannot export telemetry: ${message}`),
  });
}

function createLogger({ logLevel }: Env, telemetry: Telemetry | null): Logger {
  if (telemetry === null) return pino({ level: logLevel });
  const level = logLevel === "silent" ? "fatal" : logLevel;
  const streams = [
    { stream: process.stdout, level },
    { stream: telemetry.logStream, level },
  ];
  return pino({ level: logLevel, mixin: telemetry.traceFields }, multistream(streams));
}

function readEnvOrExit(): Env {
  try {
    return readEnv();
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`);
    process.exit(1);
  }
}

function addressOf(listening: Server): string {
  const address = listening.address();
  if (address === null || typeof address === "string") return String(address);
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

// The path may lead through a symbolic link; a module's own address never does.
const [, startedFile] = process.argv;
if (startedFile !== undefined && realpathSync(startedFile) === fileURLToPath(import.meta.url)) await startServer();
