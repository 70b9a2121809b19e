import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { startDeadline } from "#app/server/o3/deadline.ts";
import type { Deadline } from "#app/server/o3/deadline.ts";
import { findKeyProblem, findPrefixProblem } from "#app/server/o3/object-key.ts";
import { ObjectNotFoundError, ObjectStoreError } from "#app/server/o3/object-store.ts";
import type { GetOptions, ObjectHead, ObjectStore, PutOptions } from "#app/server/o3/object-store.ts";
import { createS3Client, requestTimeoutMs } from "#app/server/o3/s3-client.ts";
import type { S3StoreOptions } from "#app/server/o3/s3-client.ts";
import { assertIsList, toS3StoreError } from "#app/server/o3/s3-errors.ts";
import { outOfRange, readBody } from "#app/server/o3/s3-read-body.ts";
import { createVersionRequests } from "#app/server/o3/s3-versions.ts";

const SHA256_METADATA = "sha256";
const SHA256_HEX = /^[0-9a-f]{64}$/;

/** S3ObjectStore is an ObjectStore that can also be asked what its store is capable of, which only `doctor` needs. */
export interface S3ObjectStore extends ObjectStore {
  /** Versions and delete markers kept under exactly this key, or null where the store cannot list versions. */
  countVersions(key: string, options?: { signal?: AbortSignal }): Promise<number | null>;
  /** Whether the store sends only the range that was asked for, of an object of at least three bytes. */
  answersRanges(key: string, options?: { signal?: AbortSignal }): Promise<boolean>;
}

/**
 * openS3ObjectStore keeps objects in a bucket of Akave O3 or another S3-compatible store.
 *
 * It relies on nothing that Akave leaves undocumented: no ETag is compared, no conditional request is sent, every
 * received length is checked, and where ranges are ignored the whole object is fetched and cut.
 */
export function openS3ObjectStore(options: S3StoreOptions): S3ObjectStore {
  const { bucket } = options;
  const client = createS3Client(options);
  const versions = createVersionRequests(client, bucket);

  return {
    put,
    get,
    head,
    list,
    delete: remove,
    countVersions: (key, { signal } = {}) =>
      within("count versions of", key, signal, 0, (deadline) => versions.count(key, deadline.signal)),
    answersRanges,
    close() {
      client.destroy();
      return Promise.resolve();
    },
  };

  async function put(key: string, bytes: Uint8Array, { sha256, signal }: PutOptions): Promise<void> {
    assertKey("put", key);
    if (!SHA256_HEX.test(sha256)) {
      throw new ObjectStoreError("put", key, "its sha256 is not 64 hex digits", { retryable: false });
    }
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ContentLength: bytes.length,
      Metadata: { [SHA256_METADATA]: sha256 },
    });
    // The signature covers this header. Given here, the SDK does not hash the bytes a second time, and a strict store
    // checks what arrived against the very hash that we keep.
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers["x-amz-content-sha256"] = sha256;
        return next(args);
      },
      { step: "build", name: "givenPayloadHash" },
    );
    await within("put", key, signal, bytes.length, (deadline) =>
      client.send(command, { abortSignal: deadline.signal }),
    );
  }

  async function get(key: string, { range, signal }: GetOptions = {}): Promise<Buffer> {
    assertKey("get", key);
    if (range !== undefined && (range.start < 0 || range.start >= range.end)) throw outOfRange(key, range);
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: range === undefined ? undefined : `bytes=${range.start}-${range.end - 1}`,
    });
    return await within("get", key, signal, 0, async (deadline) => {
      const output = await client.send(command, { abortSignal: deadline.signal }).catch((error: unknown) => {
        const isOutside = error instanceof Error && error.name === "InvalidRange";
        throw isOutside && range !== undefined ? outOfRange(key, range, error) : error;
      });
      deadline.restart(requestTimeoutMs(options, output.ContentLength ?? 0));
      return await readBody(output.Body as AsyncIterable<Uint8Array>, {
        key,
        contentLength: output.ContentLength,
        contentRange: output.ContentRange,
        range,
      });
    });
  }

  async function answersRanges(key: string, { signal }: { signal?: AbortSignal } = {}): Promise<boolean> {
    assertKey("get", key);
    const command = new GetObjectCommand({ Bucket: bucket, Key: key, Range: "bytes=1-2" });
    return await within("get", key, signal, 0, async (deadline) => {
      const output = await client.send(command, { abortSignal: deadline.signal });
      let received = 0;
      for await (const piece of output.Body as AsyncIterable<Uint8Array>) received += piece.length;
      return received === 2;
    });
  }

  async function head(key: string, { signal }: { signal?: AbortSignal } = {}): Promise<ObjectHead | null> {
    assertKey("head", key);
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    try {
      const output = await within("head", key, signal, 0, (deadline) =>
        client.send(command, { abortSignal: deadline.signal }),
      );
      return toObjectHead(output.ContentLength ?? 0, output.Metadata ?? {});
    } catch (error) {
      if (error instanceof ObjectNotFoundError) return null;
      throw error;
    }
  }

  async function* list(
    prefix: string,
    { signal }: { signal?: AbortSignal } = {},
  ): AsyncGenerator<{ key: string; sizeBytes: number }> {
    const problem = findPrefixProblem(prefix);
    if (problem !== null) throw new ObjectStoreError("list", prefix, problem, { retryable: false });
    for (let token: string | undefined; ;) {
      const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token });
      const page: ListObjectsV2CommandOutput = await within("list", prefix, signal, 0, (deadline) =>
        client.send(command, { abortSignal: deadline.signal }),
      );
      assertIsList("list", prefix, page.IsTruncated, page.Contents?.length ?? 0);
      for (const { Key: key, Size: sizeBytes } of page.Contents ?? []) {
        if (key !== undefined) yield { key, sizeBytes: sizeBytes ?? 0 };
      }
      if (page.IsTruncated !== true) return;
      if (page.NextContinuationToken === undefined || page.NextContinuationToken === token) {
        // Ending here would pass a part of the bucket off as all of it, and `reindex` and the sweep believe this list.
        throw new ObjectStoreError("list", prefix, "the store says there is more and not where", { retryable: true });
      }
      token = page.NextContinuationToken;
    }
  }

  async function remove(key: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    assertKey("delete", key);
    await within("delete", key, signal, 0, (deadline) => versions.deleteAll(key, deadline.signal));
  }

  /** Runs one request with its time limit and gives every failure its class. */
  async function within<T>(
    operation: string,
    key: string,
    signal: AbortSignal | undefined,
    transferBytes: number,
    work: (deadline: Deadline) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const deadline = startDeadline(requestTimeoutMs(options, transferBytes), signal);
    try {
      // The SDK waits for ever for the rest of a list whose connection it has itself given up.
      return await Promise.race([work(deadline), deadline.ended]);
    } catch (error) {
      signal?.throwIfAborted();
      if (deadline.hasExpired()) {
        throw new ObjectStoreError(operation, key, "the store did not answer in time", {
          retryable: true,
          cause: error,
        });
      }
      throw toS3StoreError(operation, key, error);
    } finally {
      deadline.clear();
    }
  }
}

function assertKey(operation: string, key: string): void {
  const problem = findKeyProblem(key);
  if (problem !== null) throw new ObjectStoreError(operation, key, problem, { retryable: false });
}

function toObjectHead(sizeBytes: number, metadata: Record<string, string>): ObjectHead {
  const sha256 = metadata[SHA256_METADATA]?.toLowerCase() ?? "";
  const rootCid = metadata["network-root-cid"];
  return {
    sizeBytes,
    sha256: SHA256_HEX.test(sha256) ? sha256 : null,
    ...(rootCid === undefined ? {} : { network: { rootCid, state: metadata["network-state"] ?? "unknown" } }),
  };
}
