import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Server } from "#tests/support/s3-server.ts";
import { hasValidSignature } from "#tests/support/s3-signature.ts";

interface Version {
  id: string;
  bytes: Buffer;
  metadata: Record<string, string>;
  isMarker: boolean;
}

export interface StrictS3Server extends S3Server {
  /** The newest bytes under a key, past the wire; undefined when there are none or a marker hides them. */
  bytesOf(key: string): Buffer | undefined;
  /** Versions and delete markers of a key. */
  versionCount(key: string): number;
  /** Keys with at least one version or marker. */
  keys(): string[];
}

export interface StrictS3Options {
  /** Entries of one list page. */
  pageSize?: number;
  /** Answers a ranged GET with the whole object. */
  ignoresRanges?: boolean;
  /** Has no ListObjectVersions. */
  lacksVersionList?: boolean;
  /** Whether deleting a version of this key is refused, as Object Lock does. */
  isLocked?: (key: string) => boolean;
  /** Headers that HeadObject adds. */
  headHeaders?: Record<string, string>;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * startStrictS3Server keeps objects in memory and does what s3rver does not: it verifies signatures and payload
 * hashes, keeps every version, refuses the SDK's checksum headers as Akave O3 does, and its ETag is no hex MD5.
 */
export async function startStrictS3Server(options: StrictS3Options = {}): Promise<StrictS3Server> {
  const bucket = "akavelog-strict";
  const accessKeyId = "AKAVELOGTEST";
  const secretAccessKey = randomUUID();
  const pageSize = options.pageSize ?? 1_000;
  const objects = new Map<string, Version[]>();

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const { status, code, message } =
        error instanceof Refusal ? error : new Refusal(500, "InternalError", String(error));
      const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
      response.writeHead(status, { "content-type": "application/xml" }).end(request.method === "HEAD" ? "" : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    region: "us-south-1",
    accessKeyId,
    secretAccessKey,
    bytesOf: (key) => newest(key)?.bytes,
    versionCount: (key) => objects.get(key)?.length ?? 0,
    keys: () => [...objects.keys()].sort(),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);

    if (!hasValidSignature(request, accessKeyId, secretAccessKey)) {
      throw new Refusal(403, "SignatureDoesNotMatch", "the signature is wrong");
    }
    if (createHash("sha256").update(body).digest("hex") !== request.headers["x-amz-content-sha256"]) {
      throw new Refusal(400, "XAmzContentSHA256Mismatch", "the payload has another sha256");
    }
    const checksum = Object.keys(request.headers).find((name) => /^x-amz-(sdk-)?checksum-/.test(name));
    if (checksum !== undefined) throw new Refusal(400, "InvalidArgument", `Unsupported header '${checksum}'`);

    const url = new URL(request.url ?? "/", "http://host");
    const [, bucketName = "", ...segments] = url.pathname.split("/");
    if (bucketName !== bucket) throw new Refusal(404, "NoSuchBucket", "there is no such bucket");
    const key = decodeURIComponent(segments.join("/"));
    if (key === "") return answerList(url.searchParams, response);
    if (request.method === "PUT") return putObject(key, body, request, response);
    if (request.method === "DELETE") return deleteObject(key, url.searchParams.get("versionId"), response);
    return getObject(key, request, response);
  }

  function putObject(key: string, bytes: Buffer, request: IncomingMessage, response: ServerResponse): void {
    const metadata: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (name.startsWith("x-amz-meta-")) metadata[name] = String(value);
    }
    const version = { id: randomUUID(), bytes, metadata, isMarker: false };
    objects.set(key, [...(objects.get(key) ?? []), version]);
    response.writeHead(200, { etag: etagOf(bytes), "x-amz-version-id": version.id }).end();
  }

  function getObject(key: string, request: IncomingMessage, response: ServerResponse): void {
    const found = newest(key);
    if (found === undefined) throw new Refusal(404, "NoSuchKey", "there is no such key");
    const headers = { ...found.metadata, etag: etagOf(found.bytes), "x-amz-version-id": found.id };
    if (request.method === "HEAD") {
      response.writeHead(200, { ...headers, ...options.headHeaders, "content-length": found.bytes.length }).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (range === null || options.ignoresRanges === true) {
      response.writeHead(200, { ...headers, "content-length": found.bytes.length }).end(found.bytes);
      return;
    }
    const start = Number(range[1]);
    const last = Math.min(Number(range[2]), found.bytes.length - 1);
    if (start > last) throw new Refusal(416, "InvalidRange", "the range starts after the end");
    const contentRange = `bytes ${start}-${last}/${found.bytes.length}`;
    response
      .writeHead(206, { ...headers, "content-range": contentRange, "content-length": last + 1 - start })
      .end(found.bytes.subarray(start, last + 1));
  }

  function deleteObject(key: string, versionId: string | null, response: ServerResponse): void {
    const versions = objects.get(key) ?? [];
    if (versionId === null) {
      const marker = { id: randomUUID(), bytes: Buffer.alloc(0), metadata: {}, isMarker: true };
      objects.set(key, [...versions, marker]);
      response.setHeader("x-amz-delete-marker", "true");
    } else {
      if (options.isLocked?.(key) === true) throw new Refusal(403, "AccessDenied", "the object is locked");
      const left = versions.filter((version) => version.id !== versionId);
      if (left.length === 0) objects.delete(key);
      else objects.set(key, left);
    }
    response.writeHead(204).end();
  }

  function answerList(query: URLSearchParams, response: ServerResponse): void {
    const prefix = query.get("prefix") ?? "";
    const keys = [...objects.keys()].sort().filter((key) => key.startsWith(prefix));
    response.setHeader("content-type", "application/xml");
    if (query.has("versions")) {
      if (options.lacksVersionList === true) throw new Refusal(501, "NotImplemented", "no version list here");
      const all = keys.flatMap((key) => (objects.get(key) ?? []).map((version) => ({ key, version })));
      const page = all.slice(0, pageSize).map(({ key, version }) => {
        const tag = version.isMarker ? "DeleteMarker" : "Version";
        return `<${tag}><Key>${key}</Key><VersionId>${version.id}</VersionId></${tag}>`;
      });
      const end = `<IsTruncated>${all.length > pageSize}</IsTruncated>`;
      response.end(`<ListVersionsResult>${end}${page.join("")}</ListVersionsResult>`);
      return;
    }
    const after = query.get("continuation-token") ?? "";
    const visible = keys.filter((key) => key > after && newest(key) !== undefined);
    const page = visible.slice(0, pageSize);
    const isTruncated = visible.length > page.length;
    const contents = page.map(
      (key) => `<Contents><Key>${key}</Key><Size>${newest(key)?.bytes.length}</Size></Contents>`,
    );
    const token = isTruncated ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
    response.end(
      `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${token}${contents.join("")}</ListBucketResult>`,
    );
  }

  function newest(key: string): Version | undefined {
    const last = objects.get(key)?.at(-1);
    return last?.isMarker === true ? undefined : last;
  }
}

function etagOf(bytes: Buffer): string {
  return `"${createHash("md5").update(bytes).digest("base64")}"`;
}
