import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface LoadBalancer {
  url: string;
  port: number;
  close(): Promise<void>;
}

const CHECK_INTERVAL_MS = 50;
const CONNECT_TIMEOUT_MS = 1_000;

/**
 * startLoadBalancer listens on one port for several servers, as a balancer before them does: connections go in turn to those
 * whose /readyz answers 200, and one that is refused goes to the next. Bytes pass as they are.
 */
export async function startLoadBalancer(ports: readonly number[]): Promise<LoadBalancer> {
  const ready = new Set<number>();
  const sockets = new Set<Socket>();
  let turn = 0;
  let isClosed = false;
  const checking = Promise.all(ports.map((port) => keepChecking(port)));

  const server = createServer({ pauseOnConnect: true }, (incoming) => {
    track(incoming);
    void serve(incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${ownPort}`,
    port: ownPort,
    async close() {
      isClosed = true;
      server.close();
      for (const socket of sockets) socket.destroy();
      await checking;
    },
  };

  async function keepChecking(port: number): Promise<void> {
    while (!isClosed) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: "close" } }).catch(
        () => null,
      );
      await answer?.arrayBuffer().catch(() => null);
      if (answer?.status === 200) ready.add(port);
      else ready.delete(port);
      await sleep(CHECK_INTERVAL_MS);
    }
  }

  /** A connection that no server takes ends without an answer, as behind any balancer whose servers are all away. */
  async function serve(incoming: Socket): Promise<void> {
    const start = turn++;
    for (let i = 0; i < ports.length; i++) {
      const port = ports[(start + i) % ports.length] as number;
      if (!ready.has(port)) continue;
      const outgoing = await open(port);
      if (outgoing === null) {
        ready.delete(port);
        continue;
      }
      track(outgoing);
      incoming.pipe(outgoing).pipe(incoming);
      incoming.on("close", () => outgoing.destroy());
      outgoing.on("close", () => incoming.destroy());
      incoming.resume();
      return;
    }
    incoming.destroy();
  }

  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  }
}

function open(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: CONNECT_TIMEOUT_MS });
    socket.once("connect", () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once("error", () => resolve(null));
  });
}
