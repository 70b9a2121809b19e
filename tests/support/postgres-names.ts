/* Apart from postgres.ts, because a vitest globalSetup cannot load what imports vitest. */

/** The migrated database that every test file copies. */
export const TEMPLATE_DATABASE = "akavelog_template";

/** withDatabaseName is the address of another database on the same server. */
export function withDatabaseName(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
