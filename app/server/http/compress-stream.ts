import { pipeline, Readable, type Transform } from "node:stream";
import { createGzip } from "node:zlib";
import { CompressStream } from "zstd-napi";
import { acceptedNames } from "#app/server/http/accepted-names.ts";

export type StreamEncoding = "zstd" | "gzip";

/** Fast levels: an export is bounded by how fast it is made, and logs shrink tenfold at any level. */
const GZIP_LEVEL = 1;
const CHUNK_BYTES = 64 * 1024;

/** chooseEncoding picks what the client asked for by name, zstd first; null is none. `*` asks for nothing in particular. */
export function chooseEncoding(acceptEncoding: string | null): StreamEncoding | null {
  const preferences = acceptedNames(acceptEncoding);
  const isAccepted = (name: string) => (preferences.get(name) ?? 0) > 0;
  return isAccepted("zstd") ? "zstd" : isAccepted("gzip") || isAccepted("x-gzip") ? "gzip" : null;
}

/** compressChunks compresses what `source` yields, no faster than it is read. Ending early ends the source. */
export async function* compressChunks(
  source: AsyncIterable<Buffer>,
  encoding: StreamEncoding,
): AsyncGenerator<Uint8Array> {
  const compressor: Transform =
    encoding === "gzip" ? createGzip({ level: GZIP_LEVEL, chunkSize: CHUNK_BYTES }) : new CompressStream();
  // What goes wrong in the source is thrown by the loop below.
  pipeline(Readable.from(source, { highWaterMark: 1 }), compressor, () => undefined);
  yield* compressor as AsyncIterable<Uint8Array>;
}
