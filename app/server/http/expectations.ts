import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Connection } from "#app/server/http/connection.ts";
import { problem } from "#app/server/http/problem.ts";
import { requestIdOf } from "#app/server/http/request-id.ts";
import { writeResponse } from "#app/server/http/write-response.ts";

/**
 * answerExpectations asks a client that sent `Expect: 100-continue` for its body only when a route starts to read it, so
 * that a refused key or a full disk costs no upload. Whatever else is expected is a 417.
 */
export function answerExpectations(server: Server): void {
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader("x-request-id", requestIdOf(request.headers["x-request-id"]));
    const detail = "Of all that can be expected only 100-continue is understood.";
    const refused = problem({ status: 417, title: "Expectation Failed", detail, headers: { connection: "close" } });
    void writeResponse(response, refused, new Connection(response));
  });
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    const read = request._read.bind(request);
    let asked = false;
    request._read = (size) => {
      // After the answer Node reads on to empty the socket; a 100 would then follow the final status.
      if (!asked && !response.headersSent) response.writeContinue();
      asked = true;
      request._read = read;
      read(size);
    };
    const writeHead = response.writeHead.bind(response) as ServerResponse["writeHead"];
    response.writeHead = ((...args: Parameters<typeof writeHead>) => {
      // The client may send the body or not, so what follows on this connection cannot be told apart.
      if (!asked) response.setHeader("connection", "close");
      return writeHead(...args);
    }) as ServerResponse["writeHead"];
    server.emit("request", request, response);
  });
}
