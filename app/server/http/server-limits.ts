import type { Server } from "node:http";

/** setServerLimits bounds how long a client may hold a connection without doing its part. */
export function setServerLimits(server: Server): void {
  // Headers fit in a packet or two; a client that needs longer holds the socket on purpose.
  server.headersTimeout = 20_000;
  // journald's uploader sends its whole backlog in one request, so a request may take long; see
  // request-body-limits.ts for one that stands still.
  server.requestTimeout = 30 * 60_000;
  // Longer than the 60 s that load balancers commonly keep an idle connection: the side that closes first must be
  // the one that sends, or a request meets a closed socket.
  server.keepAliveTimeout = 75_000;
}
