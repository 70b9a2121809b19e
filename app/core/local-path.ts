/** localPath returns a path of this site as it was given, and `/` for anything a browser might take for another one. */
export function localPath(given: string | null): string {
  // `//host` and `/\host` are addresses of another host; browsers drop tabs and newlines before they look.
  return given !== null && /^\/(?![/\\])[^\s\\]*$/.test(given) ? given : "/";
}
