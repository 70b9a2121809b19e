import type { Server } from "node:http";

/**
 * closeServer stops accepting at once, lets answers in flight finish, and cuts off what is left after `drainMs`.
 * Resolves when no connection is left.
 */
export function closeServer(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    // A server that never listened reports an error here; it has no connection either.
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
