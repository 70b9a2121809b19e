const NEWLINE = 0x0a;

/** NdjsonSplitter cuts a stream of bytes into lines, wherever the pieces it comes in are cut. */
export interface NdjsonSplitter {
  /** The lines that this piece completes, without empty ones. */
  push(piece: Uint8Array): string[];
  /** What came after the last newline; a stream that was cut off leaves half a line here. */
  rest(): string;
}

/** ndjsonSplitter keeps unfinished lines as pieces, so that a line of many megabytes is joined once. */
export function ndjsonSplitter(): NdjsonSplitter {
  // A byte order mark inside a message is part of it.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let unfinished: string[] = [];

  return {
    push(piece) {
      const lines: string[] = [];
      let start = 0;
      for (;;) {
        const newline = piece.indexOf(NEWLINE, start);
        if (newline === -1) break;
        // A newline is never inside a character, so the decoder has nothing left over here.
        unfinished.push(decoder.decode(piece.subarray(start, newline), { stream: true }));
        const line = unfinished.join("");
        unfinished = [];
        if (line !== "") lines.push(line);
        start = newline + 1;
      }
      if (start < piece.length) unfinished.push(decoder.decode(piece.subarray(start), { stream: true }));
      return lines;
    },
    rest: () => unfinished.join("") + decoder.decode(),
  };
}
