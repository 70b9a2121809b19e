import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { SyslogListenerEnv } from "#app/server/env.ts";
import { GelfDatagrams } from "#app/server/protocols/gelf/gelf-datagrams.ts";
import { SyslogFramer, trimmed } from "#app/server/protocols/syslog/syslog-framer.ts";
import { SyslogQueue } from "#app/server/protocols/syslog/syslog-queue.ts";
import type { Services } from "#app/server/services.ts";
import type { Logger } from "#app/server/system/logger.ts";

export interface SyslogListenerOptions {
  listener: SyslogListenerEnv;
  services: Services;
  logger: Logger;
}

/** The kernel drops datagrams that nobody fetched in time; its default holds few of them. */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024;
const MAX_CONNECTIONS = 1_000;

/** openSyslogListener takes syslog on a port of its own. Returns how to close it; throws when the port is not to be had. */
export async function openSyslogListener(options: SyslogListenerOptions): Promise<() => Promise<void>> {
  const { listener, logger } = options;
  const close = listener.transport === "tcp" ? await openTcp(options) : await openUdp(options);
  const { transport, host, port } = listener;
  logger.info({ transport, host, port }, "takes syslog");
  return close;
}

/** A stream waits while its queue is full, so nothing of it is lost. */
async function openTcp({ listener, services, logger }: SyslogListenerOptions): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const queue = new SyslogQueue({
    services,
    logger,
    key: listener.key,
    onDrained: () => sockets.forEach((socket) => socket.resume()),
  });
  const server: Server = createServer((socket) => {
    const framer = new SyslogFramer();
    sockets.add(socket);
    socket.on("data", (chunk: Buffer) => {
      const frames = framer.feed(chunk);
      if (frames === null) {
        logger.warn({ address: socket.remoteAddress }, "a syslog connection is cut: its framing is broken");
        socket.destroy();
        return;
      }
      for (const frame of frames) queue.push(frame);
      if (queue.isFull) sockets.forEach((each) => each.pause());
    });
    socket.on("end", () => framer.end().forEach((frame) => queue.push(frame)));
    // A reset costs what was on its way, which its sender knows.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(listener.port, listener.host);
  await once(server, "listening");
  server.on("error", (error) => logger.error({ err: error }, "the syslog listener failed"));
  return async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
    await queue.close();
  };
}

/** A datagram cannot wait: what comes over a full queue is lost and counted. */
async function openUdp({ listener, services, logger }: SyslogListenerOptions): Promise<() => Promise<void>> {
  const queue = new SyslogQueue({ services, logger, key: listener.key, onDrained: tellLost });
  const datagrams = new GelfDatagrams();
  let lost = 0;
  function tellLost(): void {
    if (lost > 0) logger.warn({ lost }, "syslog datagrams are lost: they came faster than they could be stored");
    lost = 0;
  }
  const type = listener.host.includes(":") ? "udp6" : "udp4";
  const socket: UdpSocket = createSocket({ type, recvBufferSize: UDP_BUFFER_BYTES });
  socket.on("message", (datagram) => {
    const whole = datagrams.take(datagram, services.clock.nowMs());
    if (whole === null) return;
    const message = trimmed(whole);
    if (queue.isFull) lost++;
    else if (message.length > 0) queue.push(message);
  });
  socket.bind(listener.port, listener.host);
  await once(socket, "listening");
  socket.on("error", (error) => logger.error({ err: error }, "the syslog listener failed"));
  return async () => {
    const closed = once(socket, "close");
    socket.close();
    await closed;
    await queue.close();
    tellLost();
  };
}
