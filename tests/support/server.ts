import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWhenStale } from "../../scripts/build.mjs";
import { SERVER_ENV } from "../../scripts/server-env.mjs";

export interface ServerOptions {
  /** Beside what a server needs; nothing else of this process's environment but PATH, HOME and the like is passed on. */
  env?: Record<string, string>;
  /** Kept when the server stops; without it a temporary one is made and removed. */
  dataDirectory?: string;
  port?: number;
  /** What must answer 200 before the server counts as started. */
  readyPath?: string;
  timeoutMs?: number;
}

export interface TestServer {
  url: string;
  port: number;
  dataDirectory: string;
  child: ChildProcess;
  /** Everything the server wrote so far. */
  output(): string;
  /** SIGTERM; resolves with the exit code when the process has ended. */
  stop(): Promise<number | null>;
  /** SIGKILL: no line of the server's code runs after it. */
  kill9(): Promise<void>;
}

const PASSED_ON = ["PATH", "HOME", "USER", "LANG", "TMPDIR", "DATABASE_URL"] as const;

/** startServer runs the production build as `npm start` does, and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  await buildWhenStale();
  const port = options.port ?? (await freePort());
  const dataDirectory = options.dataDirectory ?? (await temporaryDataDirectory());
  const inherited = Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = spawn(process.execPath, ["build/server/index.js"], {
    env: {
      ...inherited,
      ...SERVER_ENV,
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: dataDirectory,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  const exited = once(child, "exit");

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
    if (options.dataDirectory === undefined) await rm(dataDirectory, { recursive: true, force: true });
    return child.exitCode;
  }

  const server: TestServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    dataDirectory,
    child,
    output: () => chunks.join(""),
    stop: () => end("SIGTERM"),
    kill9: async () => void (await end("SIGKILL")),
  };
  try {
    await untilReady(server, options.readyPath ?? "/readyz", options.timeoutMs ?? 60_000);
  } catch (error) {
    await server.kill9();
    throw error;
  }
  return server;
}

/**
 * temporaryDataDirectory is a folder that the embedded PostgreSQL can reach as another user; in one that only its owner
 * may enter, each test server would leave a copy of PostgreSQL under /var/lib.
 */
export async function temporaryDataDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "akavelog-server-"));
  await chmod(directory, 0o755);
  return directory;
}

async function untilReady(server: TestServer, readyPath: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const status = await fetch(server.url + readyPath).then(
      async (answer) => {
        await answer.arrayBuffer();
        return String(answer.status);
      },
      () => "no answer",
    );
    if (status === "200") return;
    if (server.child.exitCode !== null || server.child.signalCode !== null) {
      throw new Error(`the server ended while it started:\n${server.output()}`);
    }
    if (Date.now() > deadline) {
      throw new Error(`the server was not ready after ${timeoutMs} ms (${readyPath}: ${status}):\n${server.output()}`);
    }
    await sleep(50);
  }
}

/** freePort is a TCP port of this machine that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
