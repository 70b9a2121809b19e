import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** OtlpReceiver keeps what is exported to it, by signal. */
export interface OtlpReceiver {
  url: string;
  received: Record<"traces" | "metrics" | "logs", { headers: IncomingHttpHeaders; body: Buffer }[]>;
  /** All that came of a signal; the texts in protobuf stand there as they are. */
  textOf(signal: "traces" | "metrics" | "logs"): string;
  close(): Promise<void>;
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const received: OtlpReceiver["received"] = { traces: [], metrics: [], logs: [] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const signal = /^\/v1\/(traces|metrics|logs)$/.exec(request.url ?? "")?.[1] as keyof typeof received | undefined;
      const sent = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      if (signal !== undefined) received[signal].push({ headers: request.headers, body });
      response.writeHead(signal === undefined ? 404 : 200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    textOf: (signal) => Buffer.concat(received[signal].map(({ body }) => body)).toString("latin1"),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
