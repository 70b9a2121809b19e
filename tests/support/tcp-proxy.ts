import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface TcpProxy {
  port: number;
  /**
   * open: bytes pass. away: connections are cut and new ones refused. silent: connections stay and are taken, and no byte
   * passes, as behind a firewall that forgot them. deaf: what is sent arrives, and the connection is cut instead of an answer.
   */
  setState(state: "open" | "away" | "silent" | "deaf"): Promise<void>;
  close(): Promise<void>;
}

/** startTcpProxy stands in front of a server and goes away or falls silent when it is told to. */
export async function startTcpProxy(upstream: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  let isDeaf = false;
  const server = createServer((incoming) => {
    const outgoing = connect(upstream.port, upstream.host);
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on("data", (bytes) => {
        if (isDeaf && socket === outgoing) socket.destroy();
        else if (!isSilent) other.write(bytes);
      });
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        if (!isSilent) other.destroy();
      });
    }
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () => sockets.forEach((socket) => socket.destroy());
  const stopListening = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      cut();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async setState(state) {
      // What was swallowed while it was silent is gone, so those connections cannot go on.
      if (isSilent && state !== "silent") cut();
      isSilent = state === "silent";
      isDeaf = state === "deaf";
      if (state === "away" && server.listening) await stopListening();
      if (state !== "away" && !server.listening) await listen(port);
    },
    async close() {
      isSilent = false;
      if (server.listening) await stopListening();
    },
  };
}
