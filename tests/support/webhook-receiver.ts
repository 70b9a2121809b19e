import { createServer, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** ReceivedWebhook is one request as it came. */
export interface ReceivedWebhook {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  body: WebhookBody;
  atMs: number;
}

export interface WebhookBody {
  type: string;
  ruleId: string;
  rule: string;
  projectId: string;
  group: string | null;
  value: number;
  condition: { op: string; value: number };
  window: { from: string; to: string };
  sample: { timestamp: string; service: string; message: string; ref: { id: string } }[];
  url: string;
}

export interface WebhookReceiver {
  url: string;
  /** Those that came to a path, in the order of arrival. */
  received(path: string): ReceivedWebhook[];
  all: ReceivedWebhook[];
  /** What requests to a path are answered with, one after another; then 200 again. */
  answer(path: string, statuses: number[], headers?: Record<string, string>): void;
  close(): Promise<void>;
}

/** startWebhookReceiver takes whatever is posted to it. */
export async function startWebhookReceiver(port = 0): Promise<WebhookReceiver> {
  const all: ReceivedWebhook[] = [];
  const planned = new Map<string, { statuses: number[]; headers: Record<string, string> }>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const text = Buffer.concat(chunks).toString("utf8");
      const body = JSON.parse(text) as WebhookBody;
      all.push({ path, headers: request.headers, text, body, atMs: Date.now() });
      const plan = planned.get(path);
      const status = plan?.statuses.shift() ?? 200;
      response.writeHead(status, status === 200 ? {} : plan?.headers).end("thanks");
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    all,
    received: (path) => all.filter((one) => one.path === path),
    answer: (path, statuses, headers = {}) => planned.set(path, { statuses: [...statuses], headers }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
