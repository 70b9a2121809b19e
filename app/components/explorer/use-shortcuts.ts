import { useEffect, useLayoutEffect, useRef } from "react";

/** Shortcuts are what keys do, by the key's name; `mod+` is Ctrl, or Cmd on a Mac. */
export type Shortcuts = Readonly<Record<string, () => void>>;

/** useShortcuts listens while no field, menu or dialog has the keys. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useLayoutEffect(() => {
    latest.current = shortcuts;
  }, [shortcuts]);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.isComposing || event.altKey) return;
      const isMod = event.ctrlKey || event.metaKey;
      const run = latest.current[isMod ? `mod+${event.key.toLowerCase()}` : event.key];
      if (run === undefined || (!isMod && !isFree(event))) return;
      event.preventDefault();
      run();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function isFree({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return true;
  if (target.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]") !== null) return false;
  // Enter and the arrows belong to what has the focus, unless that is the list or nothing.
  const isKeyOfControls = key === "Enter" || key.startsWith("Arrow");
  return !isKeyOfControls || target === document.body || target.matches("[role=grid], main");
}
