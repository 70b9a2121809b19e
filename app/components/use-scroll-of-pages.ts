import { useLocation, useNavigationType } from "@remix-run/react";
import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";

/**
 * useScrollOfPages is for the element that pages scroll in: another page begins at its top, and going back leads to where
 * one was. The router does this for the window alone.
 */
export function useScrollOfPages(): RefObject<HTMLElement> {
  const element = useRef<HTMLElement>(null);
  const places = useRef(new Map<string, number>());
  const { pathname } = useLocation();
  const type = useNavigationType();
  const shown = useRef(pathname);

  useLayoutEffect(() => {
    // What changes on one page, such as a range of time, leaves its place alone.
    const isOther = shown.current !== pathname;
    shown.current = pathname;
    if (!isOther || element.current === null) return;
    element.current.scrollTop = type === "POP" ? (places.current.get(pathname) ?? 0) : 0;
  }, [pathname, type]);

  useEffect(() => {
    const scrolled = element.current;
    if (scrolled === null) return;
    const onScroll = () => places.current.set(shown.current, scrolled.scrollTop);
    scrolled.addEventListener("scroll", onScroll, { passive: true });
    return () => scrolled.removeEventListener("scroll", onScroll);
  }, []);
  return element;
}
