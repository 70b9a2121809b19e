import { createServer, request as sendRequest } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the proxy does to one request. */
export const S3_FAULTS = [
  "pass",
  /** Never answers; the client has to give up. */
  "hang",
  /** Cuts the connection and forwards nothing. */
  "reset-before",
  /** Forwards, and cuts the connection instead of replying: the store has done it and the client does not know. */
  "reset-after",
  "status-503",
  "status-500",
  "status-429",
  /** Sends the headers and half of the body, then cuts the connection. */
  "truncate",
  /** Sends half of an object's body as if that were all of it. */
  "shorten",
  /** Changes one bit of an object's body. (A list is no stored thing that could rot.) */
  "flip-bit",
  /** Answers a HEAD with 404 as a store does that has not seen the put yet. */
  "stale-head",
  /** Sends the body a few bytes at a time. */
  "trickle",
  /** Answers a GET with 404 as a store does that has not seen the put yet. */
  "stale-get",
  /** Answers a PUT with 200 and forwards nothing. */
  "lose-put",
  /** Changes one bit of what is put; a store that hashes it refuses. */
  "flip-upload",
  /** Cuts the connection at once, and forwards the PUT a moment later. */
  "late",
  /** Forwards a PUT twice, as a proxy does that tries again by itself. */
  "twice",
  /** Answers 200 with a page for people, as a captive portal does. */
  "html",
] as const;

export type S3Fault = (typeof S3_FAULTS)[number];

export interface ProxiedRequest {
  /** Counts from 0. */
  number: number;
  method: string;
  /** Path and query. */
  path: string;
  bodyBytes: number;
}

export interface S3FaultProxy {
  endpoint: string;
  /** How often each fault was applied. A fault that cannot apply (no body to cut, no HEAD) counts as `pass`. */
  counts: Record<S3Fault, number>;
  /** Chooses the fault of each request from now on. */
  setFaults(choose: (request: ProxiedRequest) => S3Fault): void;
  /** From now on every request takes this much longer. */
  setDelay(ms: number): void;
  /** Away: every connection ends and new ones are refused. Back: the same port listens again. */
  setAway(isAway: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Bytes and pause of `trickle`: 1 KiB takes 2.5 s. */
const TRICKLE_BYTES = 4;
const TRICKLE_PAUSE_MS = 10;
const LATE_MS = 150;
const PAGE = "<html><body>Please sign in.</body></html>";
const STATUS_CODES = {
  "status-503": "SlowDown",
  "status-500": "InternalError",
  "status-429": "TooManyRequests",
} as const;

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * startS3FaultProxy stands in front of an S3 endpoint and fails as networks and stores do.
 * Headers go through untouched, Host too: the client signs for the proxy, and a strict server that checks the
 * signature against the Host header it received finds it right.
 */
export async function startS3FaultProxy(
  upstream: string,
  choose: (request: ProxiedRequest) => S3Fault = () => "pass",
): Promise<S3FaultProxy> {
  const target = new URL(upstream);
  const counts = Object.fromEntries(S3_FAULTS.map((fault) => [fault, 0])) as Record<S3Fault, number>;
  let chooseFault = choose;
  let number = 0;
  let delayMs = 0;

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stopListening = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    counts,
    setFaults(next) {
      chooseFault = next;
    },
    setDelay(ms) {
      delayMs = ms;
    },
    async setAway(isAway) {
      if (isAway === !server.listening) return;
      await (isAway ? stopListening() : listen(port));
    },
    async close() {
      if (server.listening) await stopListening();
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const method = request.method ?? "GET";
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const fault = chooseFault({ number: number++, method, path: request.url ?? "/", bodyBytes: body.length });
    const apply = () => (counts[fault] += 1);
    switch (fault) {
      case "hang":
        apply();
        return;
      case "reset-before":
        apply();
        request.socket.destroy();
        return;
      case "status-503":
      case "status-500":
      case "status-429": {
        apply();
        const refusal = `<Error><Code>${STATUS_CODES[fault]}</Code><Message>injected</Message></Error>`;
        response.writeHead(Number(fault.slice(-3)), { "content-type": "application/xml" }).end(refusal);
        return;
      }
      case "stale-head":
        if (method !== "HEAD") break;
        apply();
        response.writeHead(404).end();
        return;
      case "stale-get":
        if (method !== "GET" || isList(request)) break;
        apply();
        response.writeHead(404, { "content-type": "application/xml" }).end(NO_SUCH_KEY);
        return;
      case "html":
        if (method === "HEAD") break;
        apply();
        response.writeHead(200, { "content-type": "text/html", "content-length": String(PAGE.length) }).end(PAGE);
        return;
      case "lose-put":
        if (method !== "PUT") break;
        apply();
        response.writeHead(200, { etag: '"lost"' }).end();
        return;
      case "late":
        if (method !== "PUT") break;
        apply();
        setTimeout(() => void forward(request, method, body).catch(() => undefined), LATE_MS);
        request.socket.destroy();
        return;
      case "flip-upload":
        if (method !== "PUT" || body.length === 0) break;
        apply();
        body.writeUInt8(body.readUInt8(body.length >> 1) ^ 0b100, body.length >> 1);
        break;
      case "twice":
        if (method !== "PUT") break;
        apply();
        await forward(request, method, body);
        break;
      default:
    }

    const reply = await forward(request, method, body);
    if (fault === "reset-after") {
      apply();
      request.socket.destroy();
      return;
    }
    const isDamage = fault === "truncate" || fault === "shorten" || fault === "flip-bit" || fault === "trickle";
    const isRot = fault === "shorten" || fault === "flip-bit";
    if (!isDamage || method === "HEAD" || reply.body.length === 0 || (isRot && isList(request))) {
      if (!(method === "PUT" && (fault === "flip-upload" || fault === "twice"))) counts.pass += 1;
      response.writeHead(reply.status, reply.headers).end(reply.body);
      return;
    }
    apply();
    await sendDamaged(fault, reply, response);
  }

  function forward(request: IncomingMessage, method: string, body: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = { ...request.headers, connection: "close" };
      const { hostname, port: targetPort } = target;
      const outgoing = sendRequest({ hostname, port: targetPort, method, path: request.url, headers }, (incoming) => {
        readAll(incoming).then((bytes) => {
          const { connection: _, "keep-alive": __, "transfer-encoding": ___, ...kept } = incoming.headers;
          const length = method === "HEAD" ? {} : { "content-length": String(bytes.length) };
          resolve({ status: incoming.statusCode ?? 502, headers: { ...kept, ...length }, body: bytes });
        }, reject);
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
}

const NO_SUCH_KEY = "<Error><Code>NoSuchKey</Code><Message>injected</Message></Error>";

function isList({ url }: IncomingMessage): boolean {
  return /[?&](list-type|versions|prefix)\b/.test(url ?? "");
}

async function sendDamaged(
  fault: "truncate" | "shorten" | "flip-bit" | "trickle",
  reply: Reply,
  response: ServerResponse,
): Promise<void> {
  const half = reply.body.subarray(0, Math.floor(reply.body.length / 2));
  if (fault === "truncate") {
    response.writeHead(reply.status, reply.headers);
    response.write(half, () => response.destroy());
    return;
  }
  if (fault === "shorten") {
    response.writeHead(reply.status, { ...reply.headers, "content-length": String(half.length) }).end(half);
    return;
  }
  if (fault === "flip-bit") {
    const flipped = Buffer.from(reply.body);
    flipped[half.length] = (flipped[half.length] ?? 0) ^ 0b100;
    response.writeHead(reply.status, reply.headers).end(flipped);
    return;
  }
  response.writeHead(reply.status, reply.headers);
  for (let start = 0; start < reply.body.length && !response.destroyed; start += TRICKLE_BYTES) {
    response.write(reply.body.subarray(start, start + TRICKLE_BYTES));
    await new Promise((resolve) => setTimeout(resolve, TRICKLE_PAUSE_MS));
  }
  response.end();
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
