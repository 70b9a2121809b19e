import type { ServerResponse } from "node:http";
import type { Connection } from "#app/server/http/connection.ts";
import { TextResponse } from "#app/server/http/text-response.ts";

/**
 * writeResponse sends a web Response through Node: it waits for the client, and cancels the body's reader the moment
 * the client is gone or `stopping` aborts. Rejects when the body fails: what was sent by then is cut off, so that the
 * client cannot take it for whole; when nothing was, another answer may still be written.
 */
export async function writeResponse(
  response: ServerResponse,
  answer: Response,
  connection: Connection,
  stopping?: AbortSignal,
): Promise<void> {
  if (connection.isGone) {
    await answer.body?.cancel();
    return;
  }
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  if (stopping?.aborted) response.setHeader("connection", "close");
  // Node leaves out what HEAD does not get.
  if (answer instanceof TextResponse && !answer.bodyUsed) {
    response.end(answer.content);
    return;
  }
  if (answer.body === null || response.req.method === "HEAD") {
    await answer.body?.cancel();
    response.end();
    return;
  }
  await pipeBody(response, answer.body, connection, isEndless(answer) ? stopping : undefined);
}

/** An event stream has no end of its own, so a stopping server ends it; every other answer is finished. */
function isEndless(answer: Response): boolean {
  return answer.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

async function pipeBody(
  response: ServerResponse,
  body: ReadableStream<Uint8Array>,
  connection: Connection,
  stopping: AbortSignal | undefined,
): Promise<void> {
  const reader = body.getReader();
  // A cancelled reader answers its pending read with `done`, which ends the loop below.
  const cancel = () => void reader.cancel().catch(() => undefined);
  const unwatch = connection.onGone(cancel);
  stopping?.addEventListener("abort", cancel, { once: true });
  if (stopping?.aborted) cancel();
  // A body that is there with this turn of the event loop goes out in one write, with its length.
  let held: Uint8Array | null = null;
  let isLate = false;
  const lateness = setImmediate(() => {
    isLate = true;
    if (held === null) response.flushHeaders();
    else response.write(held);
    held = null;
  });
  try {
    let next = await reader.read();
    if (!isLate && !next.done) {
      held = next.value;
      next = await reader.read();
    }
    clearImmediate(lateness);
    if (held !== null && next.done) {
      response.end(held);
      return;
    }
    if (held !== null) response.write(held);
    await connection.drained();
    while (!next.done) {
      if (!response.write(next.value)) await connection.drained();
      next = await reader.read();
    }
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    throw error;
  } finally {
    clearImmediate(lateness);
    unwatch();
    stopping?.removeEventListener("abort", cancel);
  }
}
