import type { ApiClient, FoundEntry } from "#tests/support/api-client.ts";

export interface TailEvent {
  name: string;
  data: unknown;
  atMs: number;
}

/** TailFollow reads a tail as a browser would. */
export class TailFollow {
  readonly events: TailEvent[] = [];
  readonly #over = new AbortController();
  ended = false;

  static async open(api: ApiClient, key: string, parameters = ""): Promise<TailFollow> {
    const follow = new TailFollow();
    const answer = await api.call(`/tail${parameters}`, { key, signal: follow.#over.signal });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    if (answer.headers.get("content-type") !== "text/event-stream") throw new Error("it is no event stream");
    void follow.#read(answer.body as unknown as AsyncIterable<Uint8Array>);
    return follow;
  }

  async #read(body: AsyncIterable<Uint8Array>): Promise<void> {
    let text = "";
    try {
      for await (const chunk of body) {
        text += Buffer.from(chunk).toString();
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
          const match = /^(?:: .*\n)?event: (\w+)\ndata: (.*)$/.exec(block);
          if (match !== null)
            this.events.push({ name: match[1] ?? "", data: JSON.parse(match[2] ?? "") as unknown, atMs: Date.now() });
        }
      }
    } catch {
      // Closed by the test.
    }
    this.ended = true;
  }

  entries(): FoundEntry[] {
    return this.events.filter(({ name }) => name === "entry").map(({ data }) => data as FoundEntry);
  }

  dropped(): number {
    const drops = this.events.filter(({ name }) => name === "dropped");
    return drops.reduce((sum, { data }) => sum + (data as { count: number }).count, 0);
  }

  close(): void {
    this.#over.abort();
  }
}
