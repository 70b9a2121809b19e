import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startS3Server, type S3Server } from "#tests/support/s3-server.ts";

export interface DistantStore {
  /** The store itself, without any delay. */
  near: S3Server;
  /** What a server needs to use it from afar. */
  env: Record<string, string>;
  /** Objects and parts of objects that were read from afar. */
  reads(): number;
  close(): Promise<void>;
}

/** startDistantStore runs an S3 store whose objects are read after a delay. */
export async function startDistantStore(delayMs: number): Promise<DistantStore> {
  const near = await startS3Server();
  const upstream = new URL(near.endpoint);
  let reads = 0;
  const proxy = createServer((incoming, answer) => {
    const { method, url: path, headers } = incoming;
    const isRead = method === "GET" && path?.includes("list-type") === false;
    if (isRead) reads++;
    void (isRead ? sleep(delayMs) : Promise.resolve()).then(() => {
      const outgoing = request({ host: upstream.hostname, port: upstream.port, method, path, headers }, (reply) => {
        answer.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(answer);
      });
      outgoing.on("error", () => answer.destroy());
      incoming.pipe(outgoing);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    near,
    env: {
      O3_ENDPOINT: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      O3_BUCKET: near.bucket,
      O3_REGION: near.region,
      O3_ACCESS_KEY_ID: near.accessKeyId,
      O3_SECRET_ACCESS_KEY: near.secretAccessKey,
    },
    reads: () => reads,
    async close() {
      proxy.closeAllConnections();
      proxy.close();
      await near.close();
    },
  };
}
