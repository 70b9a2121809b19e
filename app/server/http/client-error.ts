import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { maxHeaderSize, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

const STATUS_OF: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const DETAIL_OF: Readonly<Record<number, string>> = {
  408: "The request did not arrive in time.",
  431: `The address and the headers together are larger than ${maxHeaderSize / 1024} KiB.`,
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
    const detail = DETAIL_OF[status] ?? "The request is not valid HTTP.";
    const body = JSON.stringify({ type: "about:blank", title, status, detail });
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
