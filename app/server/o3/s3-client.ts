import { S3Client } from "@aws-sdk/client-s3";

/** Concurrent connections to the store; uploads, reads and background work share them. */
const MAX_SOCKETS = 64;
const CONNECTION_TIMEOUT_MS = 5_000;
/** Time for a request without a body to be answered in full. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A transfer may take this much longer for its size: a 128 MiB object gets about 8 minutes on top. */
const MIN_BYTES_PER_SECOND = 256 * 1024;

export interface S3StoreOptions {
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  connectionTimeoutMs?: number;
  requestTimeoutMs?: number;
  minBytesPerSecond?: number;
  maxSockets?: number;
}

/** createS3Client makes a client that any S3-compatible store understands. */
export function createS3Client(options: S3StoreOptions): S3Client {
  const maxSockets = options.maxSockets ?? MAX_SOCKETS;
  return new S3Client({
    endpoint: options.endpoint,
    region: options.region,
    credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
    // Virtual-hosted buckets need a DNS name for each bucket, which few self-hosted stores have.
    forcePathStyle: true,
    // Left open, an AWS profile or AWS_* variable of this machine could choose them, and neither goes with an endpoint.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    // The SDK adds CRC32 headers to every PUT otherwise, and Akave O3 answers 400 to them.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // Retries belong to the caller: only the uploader knows that a repeated put must look first.
    maxAttempts: 1,
    // From 2 MiB on the SDK would wait for "100 Continue", on connections outside the pool.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: options.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets },
      httpsAgent: { keepAlive: true, maxSockets },
    },
  });
}

/**
 * requestTimeoutMs is the time one request may take with everything that belongs to it.
 * The SDK's own `requestTimeout` stops counting at the response headers and knows no size, so it is not used.
 */
export function requestTimeoutMs(options: S3StoreOptions, transferBytes: number): number {
  const perByteMs = 1_000 / (options.minBytesPerSecond ?? MIN_BYTES_PER_SECOND);
  return Math.ceil((options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS) + transferBytes * perByteMs);
}
