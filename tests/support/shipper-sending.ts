import type { ApiServer } from "#tests/support/api-server.ts";
import { SHIPPERS, type ShippedRecord, type ShippedRequest, type ShipperName } from "#tests/support/shipper-bodies.ts";

const NOW_NS = BigInt(Date.now()) * 1_000_000n;

/** GOOD is a record that every protocol can carry. */
export const GOOD: ShippedRecord = {
  timestampNs: NOW_NS,
  service: "s",
  level: "info",
  message: "good",
  tags: { a: "1" },
};
/** BAD lies two days ahead: no protocol can make a sound entry of it. */
export const BAD: ShippedRecord = { ...GOOD, timestampNs: NOW_NS + 172_800_000_000_000n, message: "bad" };

/** bodyOf is the body that a shipper sends for these records. */
export function bodyOf(name: ShipperName, records: ShippedRecord[]): Buffer {
  const many = (each: ShippedRecord[]) => SHIPPERS[name](each, "").body;
  return name === "gelf" ? Buffer.concat(records.map((record) => many([record]))) : many(records);
}

/** sendAs sends a body as a shipper does, with its path and headers; an empty key leaves out whatever carries it. */
export async function sendAs(
  on: ApiServer,
  name: ShipperName,
  key: string,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<Response> {
  const request: ShippedRequest = SHIPPERS[name]([GOOD], key);
  const keyHeaders = Object.keys(request.headers).filter((header) => header !== "content-type");
  if (key === "") for (const header of keyHeaders) delete request.headers[header];
  const path = key === "" ? request.path.replace("//", "/") : request.path;
  return on.api.call(path, {
    method: "POST",
    headers: { ...request.headers, ...headers },
    body: new Uint8Array(body),
  });
}

/** countOf is how many entries of a project have this word in their message. */
export async function countOf(on: ApiServer, key: string, message: string): Promise<number> {
  return (await on.api.queryAll(key, { keyword: message })).entries.length;
}

/** LIMITED_ENV is a server that finds everything too much. */
export const LIMITED_ENV = {
  RATE_LIMIT_BYTES_PER_S: "1",
  RATE_LIMIT_BURST_BYTES: "10",
  // The least that is allowed, so that a request with a large Content-Length finds no room.
  INGEST_MEMORY_MAX_BYTES: String(1024 * 1024),
};
