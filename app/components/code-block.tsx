import { useEffect, useRef, useState } from "react";
import { copyText } from "#app/components/copy-text.ts";

type CopyState = "idle" | "copied" | "selected";

/** The button says "Copied" this long. */
const CONFIRM_MS = 2_000;

const ANNOUNCEMENTS: Record<CopyState, string> = {
  idle: "",
  copied: "Copied to the clipboard",
  selected: "Selected; press Ctrl or Cmd and C to copy",
};

const CAPTIONS: Record<CopyState, string> = { idle: "Copy", copied: "Copied", selected: "Press Ctrl+C" };

export interface CodeBlockProps {
  code: string;
  /** What the code is, for those who cannot see where it stands: "command that creates a project". */
  label: string;
}

/** CodeBlock shows code to take away. Long lines wrap, so nothing has to be scrolled sideways. */
export function CodeBlock({ code, label }: CodeBlockProps) {
  const codeRef = useRef<HTMLElement>(null);
  const [state, setState] = useState<CopyState>("idle");

  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [state]);

  async function copy() {
    if (codeRef.current) setState(await copyText(codeRef.current));
  }

  return (
    <div className="group relative rounded-lg border border-border bg-sunken">
      <pre className="px-4 pt-3.5 pb-3 font-mono text-[0.8125rem] leading-6 wrap-anywhere whitespace-pre-wrap sm:pr-28">
        <code ref={codeRef}>{code}</code>
      </pre>
      <div className="flex justify-end px-2 pb-2 sm:absolute sm:top-2 sm:right-0 sm:pb-0">
        <button
          type="button"
          aria-label={`Copy ${label}`}
          onClick={() => void copy()}
          className="inline-flex h-8 cursor-pointer items-center gap-1.5 rounded-md border border-border bg-raised px-2.5 text-xs font-medium text-muted transition-colors hover:border-border-strong hover:text-ink"
        >
          {state === "copied" ? <CheckIcon /> : <CopyIcon />}
          {CAPTIONS[state]}
        </button>
      </div>
      <span role="status" className="sr-only">
        {ANNOUNCEMENTS[state]}
      </span>
    </div>
  );
}

function CopyIcon() {
  return (
    <svg
      viewBox="0 0 16 16"
      className="size-3.5"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      aria-hidden="true"
    >
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" />
    </svg>
  );
}

function CheckIcon() {
  return (
    <svg
      viewBox="0 0 16 16"
      className="size-3.5 text-accent"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d="m3 8.5 3.2 3.2L13 5" />
    </svg>
  );
}
