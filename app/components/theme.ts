/** What the reader chose; `system` follows the device. */
export const THEMES = ["system", "light", "dark"] as const;

export type Theme = (typeof THEMES)[number];

const COOKIE = /(?:^|;\s*)theme=(light|dark)(?:;|$)/;
const YEAR_S = 31_536_000;

/** themeOfCookie reads the choice from a Cookie header. */
export function themeOfCookie(header: string | null): Theme {
  return (COOKIE.exec(header ?? "")?.[1] as Theme | undefined) ?? "system";
}

/** applyTheme changes the page and keeps the choice in a cookie, so that the server sends the next page in it. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  document.cookie = `theme=${theme}; path=/; max-age=${theme === "system" ? 0 : YEAR_S}; samesite=lax`;
}
