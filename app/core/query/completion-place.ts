import { tokeniseQuery } from "#app/core/query/tokenise-query.ts";

/** CompletionPlace is what may be written at the cursor, and the text that a choice replaces. */
export type CompletionPlace = { start: number; end: number; prefix: string } &
  /** A field's name, or a word of the message. */
  ({ kind: "name" } | { kind: "value"; field: string } | { kind: "nothing" });

/** completionPlace looks at what is being written where the cursor stands. */
export function completionPlace(query: string, cursor: number): CompletionPlace {
  const nothing: CompletionPlace = { kind: "nothing", start: cursor, end: cursor, prefix: "" };
  const tokens = tokeniseQuery(query);
  // At a border between two tokens the one that ends there is being written.
  const token = tokens.find(({ start, end }) => start < cursor && cursor <= end);
  if (token === undefined) return { ...nothing, kind: "name" };
  const { kind, start, end, field } = token;
  const prefix = query.slice(start, cursor);
  switch (kind) {
    case "space":
    case "not":
      return { ...nothing, kind: "name" };
    case "parenthesis":
      if (prefix !== "(") return nothing;
      return field === null ? { ...nothing, kind: "name" } : { ...nothing, kind: "value", field };
    case "field":
      if (cursor < end || field === null) return { kind: "name", start, end, prefix };
      return { ...nothing, kind: "value", field };
    case "word":
      return { kind: "name", start, end, prefix };
    case "value":
      return field === null ? nothing : { kind: "value", field, start, end, prefix: prefix.replace(/^"/, "") };
    case "operator":
    case "phrase":
    case "regex":
    case "bounds":
      return nothing;
  }
}
