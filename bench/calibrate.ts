import { Compressor } from "zstd-napi";

/** Calibration is what the same lines cost bare on this machine at this hour; only ratios to it mean anything. */
export interface Calibration {
  /** P: CPU seconds of JSON.parse over every line. */
  parseCpuS: number;
  /** Z: bytes of zstd -3 over all lines, in frames of 64 MiB. */
  zstdBytes: number;
  rawBytes: number;
}

const FRAME_BYTES = 64 * 1024 * 1024;

export function calibrate(bodies: readonly Buffer[]): Calibration {
  const lines = bodies.slice(0, 50).flatMap((body) => body.toString("utf8").trimEnd().split("\n"));
  const totalLines = bodies.reduce((sum, body) => sum + countLines(body), 0);
  for (const line of lines) JSON.parse(line);
  const runs = [0, 1, 2].map(() => {
    const before = process.cpuUsage();
    for (const line of lines) JSON.parse(line);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) / 1e6) * (totalLines / lines.length);
  });
  return {
    parseCpuS: runs.sort((a, b) => a - b)[1] ?? 0,
    zstdBytes: zstdBytes(bodies),
    rawBytes: bodies.reduce((sum, body) => sum + body.length, 0),
  };
}

function zstdBytes(bodies: readonly Buffer[]): number {
  const compressor = new Compressor();
  compressor.setParameters({ compressionLevel: 3 });
  let compressed = 0;
  let frame: Buffer[] = [];
  let size = 0;
  for (const [i, body] of bodies.entries()) {
    frame.push(body);
    size += body.length;
    if (size < FRAME_BYTES && i < bodies.length - 1) continue;
    compressed += compressor.compress(Buffer.concat(frame)).length;
    frame = [];
    size = 0;
  }
  return compressed;
}

function countLines(body: Buffer): number {
  let lines = 0;
  for (let at = body.indexOf(10); at !== -1; at = body.indexOf(10, at + 1)) lines++;
  return lines;
}
