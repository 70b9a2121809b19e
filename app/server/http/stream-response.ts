import type { RequestContext } from "#app/server/http/load-context.ts";

/**
 * streamResponse answers with what `source` yields, as it is yielded.
 * Nothing is asked of the source before the client has taken what was sent, so a stalled reader costs one chunk and
 * the socket's buffer. When the client goes away the source's `return()` is called; a source that waits for something
 * slow hands `context.gone` to it, since a generator can only return from a `yield`.
 */
export function streamResponse(
  context: Pick<RequestContext, "gone" | "drained" | "nodeRequest">,
  source: AsyncIterable<string | Uint8Array>,
  init?: ResponseInit,
): Response {
  const encoder = new TextEncoder();
  const iterator = source[Symbol.asyncIterator]();
  let over = false;

  async function stop(): Promise<void> {
    if (over) return;
    over = true;
    context.gone.removeEventListener("abort", stopQuietly);
    await iterator.return?.();
  }
  function stopQuietly(): void {
    // Nobody is left to be told; the source's own cleanup reports what went wrong in it.
    stop().catch(() => undefined);
  }

  // Remix drops the body of an answer to HEAD without cancelling it.
  if (context.gone.aborted || context.nodeRequest.method === "HEAD") {
    stopQuietly();
    return new Response(null, init);
  }
  context.gone.addEventListener("abort", stopQuietly, { once: true });

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await context.drained();
        for (;;) {
          if (over) break;
          const { done, value } = await iterator.next();
          if (done === true) {
            over = true;
            context.gone.removeEventListener("abort", stopQuietly);
            break;
          }
          // An empty chunk would end the pull without waking the reader.
          if (value.length === 0) continue;
          controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
          return;
        }
        controller.close();
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, init);
}
