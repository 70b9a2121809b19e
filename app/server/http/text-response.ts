/**
 * TextResponse is a Response whose text is at hand. It becomes a stream only for those who read it as one: making the
 * stream and reading it again takes longer than the rest of a short answer.
 */
export class TextResponse extends Response {
  readonly content: string;
  #streamed: Response | null = null;

  constructor(content: string, init: ResponseInit) {
    super(null, init);
    this.content = content;
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#asStream().body;
  }

  override get bodyUsed(): boolean {
    return this.#streamed?.bodyUsed ?? false;
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#asStream().arrayBuffer();
  }

  override blob(): Promise<Blob> {
    return this.#asStream().blob();
  }

  override formData(): Promise<FormData> {
    return this.#asStream().formData();
  }

  override json(): Promise<unknown> {
    return this.#asStream().json();
  }

  override text(): Promise<string> {
    return this.#asStream().text();
  }

  override clone(): Response {
    return this.#asStream().clone();
  }

  #asStream(): Response {
    return (this.#streamed ??= new Response(this.content, this));
  }
}
