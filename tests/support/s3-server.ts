import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import S3rver from "s3rver";

/** S3Server is what a client needs to know of an S3 endpoint, and how to end it. */
export interface S3Server {
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  close(): Promise<void>;
}

/** The part of s3rver's store that is mended below; its type declarations leave the store out. */
interface S3rverStore {
  putObject(object: { bucket: string; key: string }): Promise<{ size: number; md5: string }>;
  getResourcePath(bucket: string, key: string, resource: string): string;
}

/** startS3Server runs s3rver in this process on a free port (or the given one), with one bucket, in a temporary folder. */
export async function startS3Server(options: { port?: number } = {}): Promise<S3Server> {
  const directory = await mkdtemp(path.join(tmpdir(), "akavelog-s3-"));
  const bucket = "akavelog-test";
  const server = new S3rver({
    address: "127.0.0.1",
    port: options.port ?? 0,
    silent: true,
    directory,
    configureBuckets: [{ name: bucket, configs: [] }],
  });
  answerPutsAfterWriting((server as unknown as { store: S3rverStore }).store);
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    region: "us-east-1",
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
    async close() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** externalS3Server is the endpoint that TEST_O3_ENDPOINT and its companions name, or null. */
export function externalS3Server(): S3Server | null {
  const endpoint = process.env["TEST_O3_ENDPOINT"];
  if (endpoint === undefined || endpoint === "") return null;
  return {
    endpoint,
    bucket: process.env["TEST_O3_BUCKET"] ?? "akavelog-test",
    region: process.env["TEST_O3_REGION"] ?? "us-east-1",
    accessKeyId: process.env["TEST_O3_ACCESS_KEY_ID"] ?? "",
    secretAccessKey: process.env["TEST_O3_SECRET_ACCESS_KEY"] ?? "",
    close: () => Promise.resolve(),
  };
}

/** s3rver answers a PUT when it has read the body, before the file is written: a GET right after it can be short. */
function answerPutsAfterWriting(store: S3rverStore): void {
  const putObject = store.putObject.bind(store);
  store.putObject = async (object) => {
    const result = await putObject(object);
    const file = store.getResourcePath(object.bucket, object.key, "object");
    while ((await stat(file)).size !== result.size) await new Promise((resolve) => setTimeout(resolve, 1));
    return result;
  };
}
