import type { Refusal } from "#app/server/http/error-response.ts";
import type { Accepted } from "#app/server/protocols/accept-records.ts";
import type { DecodedRecords } from "#app/server/protocols/json/decode-json.ts";
import type { LineSettings } from "#app/server/protocols/open-line.ts";

/** SenderRequest is what a wire format may know of a request beside its body. */
export interface SenderRequest {
  method: string;
  url: URL;
  header(name: string): string | undefined;
  params: Readonly<Record<string, string | undefined>>;
}

export interface DecodeContext {
  request: SenderRequest;
  receivedAtMs: number;
  lines: LineSettings;
}

/**
 * Protocol is one wire format: how bytes become entries, and what its senders understand as an answer. Key, rate, memory,
 * limits, WAL and batches are the same for all of them; see receive-records.ts.
 */
export interface Protocol<T extends DecodedRecords = DecodedRecords> {
  /** The compression of a body that names none; senders of Loki's protobuf leave the header out. */
  impliedEncoding?(request: SenderRequest): string | null;
  /** Before anything else; throws BodyError, or a Response. */
  check?(request: SenderRequest): { waitForCommit: boolean; idempotencyKey: string | null } | undefined;
  /** Throws BodyError when nothing of the body is usable; a record that is not is refused by itself. */
  decode(body: Buffer, context: DecodeContext): T | Promise<T>;
  /** The body was read and what is sound of it is on disk. */
  answer(decoded: T, request: SenderRequest, accepted: Accepted): Response;
  /** Nothing was stored. `refusal.headers` has to go out, `Retry-After` among them. */
  refuse(refusal: Refusal, request: SenderRequest): Response;
}

/** Only a syslog-ng that is told 422 drops what will never be taken; after most other statuses it repeats it for ever. */
export function permanentStatus(status: number, request: SenderRequest): number {
  const isPermanent = status === 400 || status === 413 || status === 415;
  return isPermanent && /^syslog-ng\b/i.test(request.header("user-agent") ?? "") ? 422 : status;
}
