import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

const STATUS_OF: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** answerClientErrors answers what Node could not parse as HTTP with a problem document too. */
export function answerClientErrors(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = STATUS_OF[error.code ?? ""] ?? 400;
    const title = STATUS_CODES[status] ?? "Bad Request";
    const body = JSON.stringify({ type: "about:blank", title, status, detail: "The request is not valid HTTP." });
    socket.end(
      [
        `HTTP/1.1 ${status} ${title}`,
        "content-type: application/problem+json",
        `content-length: ${Buffer.byteLength(body)}`,
        `x-request-id: ${randomUUID()}`,
        "connection: close",
        "",
        body,
      ].join("\r\n"),
    );
  });
}
