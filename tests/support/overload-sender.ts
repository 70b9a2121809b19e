import { gzipSync } from "node:zlib";
import { setTimeout as sleep } from "node:timers/promises";

/** OverloadTally is what came of requests that were sent without regard to any refusal. */
export interface OverloadTally {
  offeredBytes: number;
  acceptedBytes: number;
  /** Prefix of each acknowledged request, with its lines. */
  acknowledged: Map<string, number>;
  refusals: Record<string, number>;
  /** Answers that no server under load may give. */
  surprises: string[];
  cutOff: number;
}

export interface OverloadOptions {
  url: string;
  keys: readonly string[];
  senders: number;
  linesPerRequest: number;
  signal: AbortSignal;
}

const FILLER = "x".repeat(150);

export function emptyTally(): OverloadTally {
  return { offeredBytes: 0, acceptedBytes: 0, acknowledged: new Map(), refusals: {}, surprises: [], cutOff: 0 };
}

/** sendOverload sends as fast as answers come, from many senders at once, until the signal: what is refused is sent again at once. */
export async function sendOverload(options: OverloadOptions, tally: OverloadTally): Promise<void> {
  await Promise.all(Array.from({ length: options.senders }, (_, sender) => sendOn(options, sender, tally)));
}

async function sendOn(
  { url, keys, linesPerRequest, signal }: OverloadOptions,
  sender: number,
  tally: OverloadTally,
): Promise<void> {
  const key = keys[sender % keys.length] as string;
  let number = 0;
  let isSpent = true;
  let isZipped = false;
  let prefix = "";
  let body: Buffer = Buffer.alloc(0);
  let sent: Buffer = body;
  while (!signal.aborted) {
    if (isSpent) {
      prefix = `s${sender}.${number++}`;
      body = bodyOf(prefix, linesPerRequest);
      isZipped = number % 3 === 0;
      sent = isZipped ? gzipSync(body, { level: 1 }) : body;
      isSpent = false;
    }
    tally.offeredBytes += body.length;
    try {
      const answer = await fetch(`${url}/ingest`, {
        method: "POST",
        headers: { "x-api-key": key, ...(isZipped ? { "content-encoding": "gzip" } : {}) },
        body: new Uint8Array(sent),
        signal: AbortSignal.timeout(60_000),
      });
      const text = await answer.text();
      if (answer.status === 202) {
        tally.acceptedBytes += body.length;
        tally.acknowledged.set(prefix, linesPerRequest);
        isSpent = true;
        continue;
      }
      const isRefusal = answer.status === 429 || answer.status === 503;
      if (!isRefusal || answer.headers.get("retry-after") === null)
        tally.surprises.push(`${answer.status} ${text.slice(0, 200)}`);
      else tally.refusals[answer.status] = (tally.refusals[answer.status] ?? 0) + 1;
      await sleep(1);
    } catch {
      // A server that refuses before it has read a large body may cut the connection; then nothing is known.
      tally.cutOff++;
      isSpent = true;
      await sleep(1);
    }
  }
}

function bodyOf(prefix: string, lines: number): Buffer {
  const text = Array.from({ length: lines }, (_, i) => `{"level":"info","message":"${prefix}#${i} ${FILLER}"}`);
  return Buffer.from(text.join("\n"));
}
