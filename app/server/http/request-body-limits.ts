import type { IncomingMessage, ServerResponse } from "node:http";

/** A request body of which nothing arrives for this long is given up. */
export const UPLOAD_IDLE_MS = 60_000;
/** After an answer that did not need the whole body, the client may send this long before it is cut off. */
export const LINGER_MS = 5_000;

/**
 * limitRequestBody bounds how long a body may hold its connection.
 * What an answer left unread is read and dropped: Node does so only for bodies that nobody began to read, else the
 * connection stands still and its next request waits for ever. Cutting at once would lose the answer on its way.
 */
export function limitRequestBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  const { socket } = request;
  socket.setTimeout(UPLOAD_IDLE_MS);
  // A slow reader of a long answer may stand still as long as it likes.
  request.once("end", () => socket.setTimeout(0));
  response.once("finish", () => {
    if (request.readableEnded) return;
    const cut = setTimeout(() => socket.destroy(), LINGER_MS);
    request.once("end", () => clearTimeout(cut));
    request.resume();
  });
}
