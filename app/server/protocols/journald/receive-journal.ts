import type { KeyIdentity } from "#app/server/auth/key-authenticator.ts";
import { BacklogFullError } from "#app/server/ingest/batcher.ts";
import { describeError } from "#app/server/http/error-response.ts";
import { acceptRecords } from "#app/server/protocols/accept-records.ts";
import { JournalReader } from "#app/server/protocols/journald/journal-reader.ts";
import { journalRecord } from "#app/server/protocols/journald/journal-record.ts";
import { RateLimitedError, type Sender } from "#app/server/protocols/rate-limiter.ts";
import { BodyError, readStream } from "#app/server/protocols/read-body.ts";
import { admitSender, senderRequestOf, type ReceiveArguments } from "#app/server/protocols/receive-records.ts";
import { RecordSink } from "#app/server/protocols/record-sink.ts";
import type { Services } from "#app/server/services.ts";

/** What is made durable at once; the whole upload may be a backlog of weeks. */
const PIECE_BYTES = 512 * 1024;
/** One field, one entry, and the lines that a piece becomes. */
const STREAM_MEMORY_BYTES = 6 * 1024 * 1024;
const MEMORY_RETRY_AFTER_MS = 1_000;

/**
 * receiveJournal takes an upload of systemd-journal-upload while it arrives: piece after piece is put on disk, and the
 * answer comes at the end. The uploader stops at any status from 300 on and begins again from its cursor, so entries of
 * an upload that failed half-way come twice.
 */
export async function receiveJournal({ context, params }: ReceiveArguments): Promise<Response> {
  const { nodeRequest, logger } = context;
  try {
    const services = context.runtime.services();
    const sender = senderRequestOf(nodeRequest, params);
    const identity = await admitSender(services, sender, nodeRequest);
    const { projectId } = identity;
    if (!services.memory.tryReserve(projectId, STREAM_MEMORY_BYTES)) {
      throw new BacklogFullError("too many uploads at once", MEMORY_RETRY_AFTER_MS);
    }
    try {
      const rejected = await storeStream(services, readStream(nodeRequest), identity, context.gone);
      if (rejected > 0) logger.warn({ projectId, rejected }, "entries of a journal upload were refused");
    } finally {
      services.memory.release(projectId, STREAM_MEMORY_BYTES);
    }
    // Uploaders from 258 on learn from the answer that they may compress.
    return new Response("OK.\n", { status: 202, headers: { ...TEXT, "accept-encoding": "zstd, gzip" } });
  } catch (error) {
    const { status, detail = "", headers } = describeError(error, context);
    return new Response(`${detail}\n`, { status, headers: { ...headers, ...TEXT } });
  }
}

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;

async function storeStream(
  services: Services,
  stream: AsyncIterable<Buffer>,
  identity: KeyIdentity,
  gone: AbortSignal,
): Promise<number> {
  const { projectId, lines } = identity;
  let rejected = 0;
  let sink = newSink();
  let pieceBytes = 0;
  const reader = new JournalReader((entry) => sink.add(journalRecord(entry)));

  function newSink(): RecordSink {
    return new RecordSink({ receivedAtMs: services.clock.nowMs(), lines, bodyBytes: PIECE_BYTES });
  }

  async function store(): Promise<void> {
    const decoded = sink.finish();
    rejected += decoded.rejected;
    const { receivedAtMs } = sink;
    sink = newSink();
    await waitForRate(services, identity, pieceBytes, gone);
    services.rates.charge(identity, 0, decoded.block.count + decoded.rejected);
    pieceBytes = 0;
    if (decoded.block.count === 0) return;
    await acceptRecords(services, {
      projectId,
      receivedAtMs,
      decoded,
      waitForCommit: false,
      idempotencyKey: null,
      body: EMPTY,
    });
  }

  try {
    for await (const chunk of stream) {
      reader.feed(chunk);
      pieceBytes += chunk.length;
      if (pieceBytes >= PIECE_BYTES) await store();
    }
    reader.end();
  } catch (error) {
    // What was whole before the fault is kept, as it would be of an upload that ended there.
    await store();
    if (error instanceof Error && "code" in error && typeof error.code === "string" && !(error instanceof BodyError)) {
      throw new BodyError(400, `it ended early (${error.message})`, { cause: error });
    }
    throw error;
  }
  await store();
  return rejected;
}

const EMPTY = Buffer.alloc(0);

/** A stream that is too fast is read more slowly, which costs its sender nothing. */
async function waitForRate(services: Services, sender: Sender, bytes: number, gone: AbortSignal): Promise<void> {
  for (;;) {
    try {
      services.rates.admit(sender, bytes);
      return;
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      await services.clock.sleep(error.retryAfterMs, gone);
    }
  }
}
