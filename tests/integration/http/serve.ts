import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Socket } from "node:net";
import type { AppLoadContext } from "@remix-run/server-runtime";
import { pino } from "pino";
import { createApp, type AppOptions } from "#app/server/http/create-app.ts";
import { createHttpServer } from "#app/server/http/http-server.ts";
import type { Runtime } from "#app/server/runtime.ts";

export interface Served {
  url: string;
  port: number;
  server: Server;
  /** What was logged, one parsed line each. */
  logged: Record<string, unknown>[];
  close(): Promise<void>;
}

/** serve runs the shell around a handler that stands in for Remix. */
export async function serve(
  handle: (request: Request, context: AppLoadContext) => Promise<Response>,
  options: Partial<Pick<AppOptions, "stopping" | "trustProxy" | "clientDirectory">> = {},
): Promise<Served> {
  const logged: Record<string, unknown>[] = [];
  const logger = pino({}, { write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) });
  // These tests ask nothing of the runtime.
  const runtime = {} as Runtime;
  const server = createHttpServer(
    createApp({
      handlerOf: () => (request, context) => handle(request(), context),
      runtime,
      logger,
      trustProxy: false,
      ...options,
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    logged,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** rawRequest sends bytes as they are and returns the socket, which nobody reads yet. */
export async function rawRequest(port: number, text: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.pause();
  socket.write(text);
  return socket;
}

/** readUntilClose is everything a socket still receives, as text. */
export async function readUntilClose(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("latin1");
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** eventually waits until a fact holds, and fails with it when it does not hold in time. */
export async function eventually(fact: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!fact()) {
    if (Date.now() > deadline) throw new Error(`did not hold within ${timeoutMs} ms: ${fact.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
