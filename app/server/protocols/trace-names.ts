/** Names under which senders give the ids of a trace and a span; both become the tag that OTLP has. */
export const TRACE_NAMES: ReadonlyMap<string, "trace_id" | "span_id"> = new Map([
  ["trace_id", "trace_id"],
  ["traceId", "trace_id"],
  ["traceID", "trace_id"],
  ["TraceId", "trace_id"],
  ["traceid", "trace_id"],
  ["trace.id", "trace_id"],
  ["dd.trace_id", "trace_id"],
  ["@tr", "trace_id"],
  ["span_id", "span_id"],
  ["spanId", "span_id"],
  ["spanID", "span_id"],
  ["SpanId", "span_id"],
  ["spanid", "span_id"],
  ["span.id", "span_id"],
  ["dd.span_id", "span_id"],
  ["@sp", "span_id"],
]);

/** renameTraceTags gives trace and span their one name; a tag that has the name already stays. */
export function renameTraceTags(tags: Map<string, string>): void {
  for (const [key, value] of tags) {
    const name = TRACE_NAMES.get(key);
    if (name === undefined || name === key) continue;
    tags.delete(key);
    if (!tags.has(name)) tags.set(name, value);
  }
}
