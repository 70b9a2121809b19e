import type { Readable } from "node:stream";

/**
 * webBody is a Node stream as a web stream that reads ahead of nobody. (`Readable.toWeb` counts its 16 KiB
 * high-water mark in chunks and so holds up to 16,384 of them.)
 * `keepOpen` leaves the Node stream alive when the reader cancels: Node then empties a request after the answer, and
 * its connection can carry the next one.
 */
export function webBody(source: Readable, options: { keepOpen: boolean }): ReadableStream<Uint8Array> {
  let iterator: AsyncIterator<Buffer> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        iterator ??= source.iterator({ destroyOnReturn: !options.keepOpen }) as AsyncIterator<Buffer>;
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        if (iterator) await iterator.return?.();
        else if (!options.keepOpen) source.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
