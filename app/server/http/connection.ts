import type { ServerResponse } from "node:http";

/** Connection watches one answer's socket. Most answers end without anybody asking, so its signal is made when one does. */
export class Connection {
  readonly #response: ServerResponse;
  #isGone = false;
  #controller: AbortController | null = null;
  #onGone: (() => void) | null = null;

  constructor(response: ServerResponse) {
    this.#response = response;
    // Looking for a static file takes a moment, and a client that leaves in it has left before anybody listens.
    if (response.destroyed) this.#onClose();
    else response.once("close", () => this.#onClose());
  }

  /** The client went away before the answer was finished. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Aborts when the client goes away before the answer is finished. */
  get gone(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#isGone) this.#abort();
    }
    return this.#controller.signal;
  }

  /** Calls the writer of the answer back when the client goes away; returns what ends that. */
  onGone(listener: () => void): () => void {
    this.#onGone = listener;
    return () => {
      this.#onGone = null;
    };
  }

  /** Resolves when the client has taken enough of the answer that more may be produced, or is gone. Never rejects. */
  drained(): Promise<void> {
    const response = this.#response;
    if (!response.writableNeedDrain || this.#isGone) return Promise.resolve();
    const { gone } = this;
    return new Promise((resolve) => {
      const done = () => {
        response.off("drain", done);
        gone.removeEventListener("abort", done);
        resolve();
      };
      response.on("drain", done);
      gone.addEventListener("abort", done);
    });
  }

  #onClose(): void {
    if (this.#response.writableFinished) return;
    this.#isGone = true;
    this.#abort();
    this.#onGone?.();
  }

  #abort(): void {
    this.#controller?.abort(new Error("the client went away"));
  }
}
