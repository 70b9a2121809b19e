/** acceptsHtml tells a browser's navigation from an API client; a bare wildcard asks for no page. */
export function acceptsHtml(headers: Headers): boolean {
  return headers.get("accept")?.includes("text/html") ?? false;
}
