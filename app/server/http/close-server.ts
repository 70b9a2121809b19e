import type { Server } from "node:http";

/** How often connections are looked for whose last answer is out. */
const IDLE_CHECK_MS = 50;

/**
 * closeServer stops accepting at once, lets answers in flight finish, and cuts off what is left after `drainMs`.
 * Resolves when no connection is left.
 */
export function closeServer(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    // An answer that began before the stop promised to keep its connection; Node looks for idle ones only once, below.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    // A server that never listened reports an error here; it has no connection either.
    server.close(() => {
      clearTimeout(cut);
      clearInterval(idle);
      resolve();
    });
  });
}
