import { acceptedNames } from "#app/server/http/accepted-names.ts";

/** QueryFormat is a form that the answer of POST /query can have. */
export type QueryFormat = "ndjson" | "sse" | "json";

const FORMAT_OF: Readonly<Record<string, QueryFormat>> = {
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "text/event-stream": "sse",
  "application/json": "json",
};
const WILDCARDS: ReadonlySet<string> = new Set(["*/*", "application/*"]);

/**
 * queryFormat picks what `Accept` likes best; among equals what is named before a wildcard, and the first of those. A
 * wildcard is NDJSON, and so is a header with nothing that is known: a client that says too little gets an answer.
 */
export function queryFormat(accept: string | null): QueryFormat {
  let chosen: { format: QueryFormat; preference: number } = { format: "ndjson", preference: 0 };
  const preferences = [...acceptedNames(accept)];
  const isWildcard = ([name]: [string, number]) => WILDCARDS.has(name);
  for (const [name, preference] of [
    ...preferences.filter((item) => !isWildcard(item)),
    ...preferences.filter(isWildcard),
  ]) {
    const format = WILDCARDS.has(name) ? "ndjson" : FORMAT_OF[name];
    if (format !== undefined && preference > chosen.preference) chosen = { format, preference };
  }
  return chosen.format;
}
