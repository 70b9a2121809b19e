import { useRevalidator } from "@remix-run/react";
import { useEffect } from "react";

const REFRESH_MS = 10_000;

/** useRefresh asks for the page's data anew every now and then, as long as somebody may be looking. */
export function useRefresh(): void {
  const { revalidate, state } = useRevalidator();
  useEffect(() => {
    if (state !== "idle") return undefined;
    const timer = setTimeout(() => {
      if (document.visibilityState === "visible") revalidate();
    }, REFRESH_MS);
    return () => clearTimeout(timer);
  }, [revalidate, state]);
}
