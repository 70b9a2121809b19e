import type { ShouldRevalidateFunction } from "@remix-run/react";

/** revalidateByPath keeps a loader's data while only what stands behind the `?` changes, which the loader does not read. */
export const revalidateByPath: ShouldRevalidateFunction = ({
  currentUrl,
  nextUrl,
  formMethod,
  defaultShouldRevalidate,
}) => {
  const isSearchAlone = currentUrl.pathname === nextUrl.pathname && currentUrl.search !== nextUrl.search;
  return isSearchAlone && formMethod === undefined ? false : defaultShouldRevalidate;
};
