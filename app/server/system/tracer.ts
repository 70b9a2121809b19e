/** Tracer is told of work that is worth a span, so that no room depends on what becomes of spans. */
export interface Tracer {
  /** Runs work in a span; a rejection marks it as failed and goes on. */
  trace<T>(name: string, work: (span: Span) => Promise<T>): Promise<T>;
  /** A span for what has no end to await; it belongs to the span around the call. */
  begin(name: string): Span;
  /** A span that ends now, if there is one around it. */
  record(name: string, elapsedMs: number, hasFailed: boolean): void;
}

export interface Span {
  set(name: string, value: string | number | boolean): void;
  end(hasFailed: boolean): void;
}

const noSpan: Span = { set: () => undefined, end: () => undefined };

export const noTracer: Tracer = {
  trace: (_, work) => work(noSpan),
  begin: () => noSpan,
  record: () => undefined,
};
