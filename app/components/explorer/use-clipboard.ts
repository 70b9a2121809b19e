import { useCallback } from "react";

/** useClipboard copies a text and says whether that worked. */
export function useClipboard(say: (message: string) => void): (what: string, text: string) => void {
  return useCallback(
    (what, text) => {
      copyPlainText(text).then(
        () => say(`${what} was copied`),
        () => say("The browser does not allow copying here"),
      );
    },
    [say],
  );
}

/** Over plain HTTP a browser has no clipboard for pages; a field that is marked and copied works there as well. */
async function copyPlainText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (!isCopied) throw new Error("cannot copy: the browser refuses");
}
