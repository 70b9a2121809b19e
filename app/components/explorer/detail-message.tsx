import { useMemo, useState } from "react";
import { parseJsonText } from "#app/components/explorer/json-text.ts";
import { JsonTree } from "#app/components/explorer/json-tree.tsx";
import { LogText } from "#app/components/explorer/log-text.tsx";
import type { PositiveText } from "#app/core/query/positive-texts.ts";

/** Text that is drawn at a time; a megabyte in one piece takes the browser seconds to lay out. */
const PIECE_LENGTH = 20_000;

/** DetailMessage is a line's whole message, as a tree where it is JSON. */
export function DetailMessage({ message, wanted }: { message: string; wanted: readonly PositiveText[] }) {
  const json = useMemo(() => parseJsonText(message), [message]);
  const [isRaw, setRaw] = useState(false);
  const [length, setLength] = useState(PIECE_LENGTH);
  return (
    <section aria-label="Message" className="border-b border-border px-4 py-3">
      {json !== null && (
        <div role="group" aria-label="Message as" className="mb-2 flex w-fit rounded-md border border-border p-0.5">
          {[false, true].map((raw) => (
            <button
              key={String(raw)}
              type="button"
              aria-pressed={raw === isRaw}
              onClick={() => setRaw(raw)}
              className="cursor-pointer rounded px-2 py-0.5 text-xs text-muted aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent"
            >
              {raw ? "Text" : "JSON"}
            </button>
          ))}
        </div>
      )}
      {json !== null && !isRaw ? (
        <>
          {json.prefix !== "" && (
            <p className="mb-1 font-mono text-xs leading-5 wrap-anywhere">
              <LogText text={json.prefix} wanted={wanted} maxLength={PIECE_LENGTH} isOneLine={false} />
            </p>
          )}
          <JsonTree value={json.value} wanted={wanted} />
        </>
      ) : (
        <div dir="auto" className="font-mono text-[0.8125rem] leading-5 wrap-anywhere whitespace-pre-wrap">
          <LogText text={message} wanted={wanted} maxLength={length} isOneLine={false} />
          {message.length > length && (
            <button
              type="button"
              onClick={() => setLength(length + PIECE_LENGTH)}
              className="ml-2 cursor-pointer rounded font-sans text-xs text-accent underline underline-offset-2"
            >
              Show more
            </button>
          )}
        </div>
      )}
    </section>
  );
}
