import { useRevalidator } from "@remix-run/react";
import { useEffect } from "react";

const REFRESH_MS = 10_000;

/** useRefresh asks for the page's data anew after each interval, as long as somebody may be looking. */
export function useRefresh(intervalMs = REFRESH_MS): void {
  const { revalidate, state } = useRevalidator();
  useEffect(() => {
    if (state !== "idle") return undefined;
    const timer = setTimeout(() => {
      if (document.visibilityState === "visible") revalidate();
    }, intervalMs);
    return () => clearTimeout(timer);
  }, [revalidate, state, intervalMs]);
}
