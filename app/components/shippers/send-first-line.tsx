import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { shipperSnippets } from "#app/core/shipper-snippets.ts";
import { CodeBlock } from "#app/components/code-block.tsx";
import { FirstLineCheck } from "#app/components/shippers/first-line-check.tsx";

/** What stands in a snippet where no key is known any more. */
const KEY_PLACEHOLDER = "akl_…";

export interface SendFirstLineProps {
  /** Where this server is reached. */
  origin: string;
  projectSlug: string;
  /** A key that was just made; null when it has been shown already. */
  apiKey: string | null;
  /** Makes a new key for the snippets; offered where none is known. */
  newKey?: ReactNode;
}

/**
 * SendFirstLine shows how to send logs from what people use already, and watches for the first line. The browser's own
 * disclosures open one at a time, also without scripts.
 */
export function SendFirstLine({ origin, projectSlug, apiKey, newKey }: SendFirstLineProps) {
  const snippets = shipperSnippets({ origin, key: apiKey ?? KEY_PLACEHOLDER });
  return (
    <div className="space-y-5">
      <FirstLineCheck projectSlug={projectSlug} />
      {apiKey === null && newKey}
      <div className="divide-y divide-border rounded-lg border border-border">
        {snippets.map(({ id, sender, where, code }, index) => (
          <details key={id} name="sender" open={index === 0} className="group">
            <summary className="flex h-11 cursor-pointer list-none items-center gap-2 px-4 text-sm font-medium hover:bg-sunken [&::-webkit-details-marker]:hidden">
              <ChevronRight
                className="size-4 shrink-0 text-muted transition-transform group-open:rotate-90"
                aria-hidden="true"
              />
              {sender}
            </summary>
            <div className="px-4 pt-1 pb-4">
              <p className="mb-2 text-sm text-muted">{where}</p>
              <CodeBlock label={`configuration of ${sender}`} code={code} />
            </div>
          </details>
        ))}
      </div>
    </div>
  );
}
