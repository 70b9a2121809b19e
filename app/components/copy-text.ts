/**
 * copyText puts the text of an element on the clipboard. Where the browser has no clipboard for us (plain HTTP on
 * another host than localhost) it goes through the selection, and leaves it there when even that is refused.
 */
export async function copyText(element: HTMLElement): Promise<"copied" | "selected"> {
  const text = element.textContent ?? "";
  if (navigator.clipboard !== undefined) {
    try {
      await navigator.clipboard.writeText(text);
      return "copied";
    } catch {
      // Permission was refused; the selection may still work.
    }
  }
  const selection = window.getSelection();
  selection?.selectAllChildren(element);
  if (!document.execCommand("copy")) return "selected";
  selection?.removeAllRanges();
  return "copied";
}
