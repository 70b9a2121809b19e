import type { ExplorerState } from "#app/components/explorer/explorer-state.ts";
import { printExplorerState } from "#app/components/explorer/explorer-state.ts";

/** Asked is the part of the state that decides which lines there are. */
export type Asked = Pick<ExplorerState, "query" | "range" | "order">;

/** bodyOf is the body that asks the API for a state's lines. */
export function bodyOf({ query, range, order }: Asked): Record<string, unknown> {
  return { from: range.from, to: range.to, ...(query === "" ? {} : { query }), order };
}

/** exportAddress leads to all lines of a state as a file. */
export function exportAddress(slug: string, { query, range, order }: Asked, format: "ndjson" | "csv"): string {
  const parameters = new URLSearchParams({ project: slug, from: range.from, to: range.to, order, format });
  if (query !== "") parameters.set("query", query);
  return `/export?${parameters.toString()}`;
}

/** tailAddress leads to the lines of a query as they arrive. */
export function tailAddress(slug: string, query: string): string {
  const parameters = new URLSearchParams({ project: slug });
  if (query !== "") parameters.set("query", query);
  return `/tail?${parameters.toString()}`;
}

/** alertAddress leads to the form of a new alert that counts what the query finds. */
export function alertAddress(slug: string, query: string): string {
  const parameters = new URLSearchParams(query === "" ? {} : { query });
  return `/p/${encodeURIComponent(slug)}/alerts/new?${parameters.toString()}`;
}

/** explorerAddress leads to a state. */
export function explorerAddress(slug: string, state: ExplorerState): string {
  const search = printExplorerState(state).toString();
  return `/p/${encodeURIComponent(slug)}/logs${search === "" ? "" : `?${search}`}`;
}

/** curlOf is the shell command that asks the API the same. The key comes from the shell, it is in no page. */
export function curlOf(origin: string, asked: Asked): string {
  return [
    `curl -s ${quoted(`${origin}/query`)} \\`,
    `  -H "X-API-Key: $KEY" \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d ${quoted(JSON.stringify({ ...bodyOf(asked), limit: 100 }))}`,
  ].join("\n");
}

/** contextCurlOf is the shell command that asks for a line by its id. */
export function contextCurlOf(origin: string, id: string, timestamp: string): string {
  return [
    `curl -s ${quoted(`${origin}/context`)} \\`,
    `  -H "X-API-Key: $KEY" \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d ${quoted(JSON.stringify({ id, timestamp, before: 0, after: 0 }))}`,
  ].join("\n");
}

/** In single quotes a POSIX shell takes every character as it is, but the quote itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** explorerObjectAddress leads to what is known of a stored object. */
export function explorerObjectAddress(slug: string, batch: string): string {
  return `/p/${encodeURIComponent(slug)}/objects/${encodeURIComponent(batch)}`;
}
