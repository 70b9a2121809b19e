import { Copy } from "lucide-react";
import { useEffect, useState } from "react";
import type { Entry } from "#app/components/explorer/entry.ts";
import { explorerObjectAddress } from "#app/components/explorer/query-request.ts";
import type { StoredObject } from "#app/core/stored-object.ts";
import { formatBytes, formatLines } from "#app/components/format.ts";

export interface DetailStorageProps {
  slug: string;
  entry: Entry;
  onCopy: (what: string, text: string) => void;
}

/** DetailStorage says where a line is kept: its id, the object that holds it, and that object's hash. */
export function DetailStorage({ slug, entry, onCopy }: DetailStorageProps) {
  const { id, batch, key } = entry.ref;
  const stored = useStoredObject(slug, batch);
  return (
    <section aria-label="Storage" className="px-2 py-2">
      <h2 className="px-2 py-1 text-xs font-semibold">Storage</h2>
      <dl>
        <Place label="Id" value={id} onCopy={onCopy} />
        {key === null ? (
          <Place label="Object" value="none yet; the line is safe on disk" onCopy={null} />
        ) : (
          <Place label="Object" value={key} onCopy={onCopy} />
        )}
        {stored !== null && (
          <>
            <Place label="SHA-256" value={stored.sha256} onCopy={onCopy} />
            <Place label="Object holds" value={objectText(stored)} onCopy={null} />
          </>
        )}
      </dl>
    </section>
  );
}

function Place({
  label,
  value,
  onCopy,
}: {
  label: string;
  value: string;
  onCopy: DetailStorageProps["onCopy"] | null;
}) {
  return (
    <div className="rounded px-2 py-0.5 hover:bg-sunken sm:flex sm:items-start sm:gap-3">
      <dt className="w-32 shrink-0 text-xs leading-5 text-muted">{label}</dt>
      <dd className="flex min-w-0 flex-1 items-start gap-1 font-mono text-xs leading-5 wrap-anywhere">
        <span className="min-w-0 flex-1">{value}</span>
        {onCopy !== null && (
          <button
            type="button"
            aria-label={`Copy ${label}`}
            title="Copy"
            onClick={() => onCopy(label, value)}
            className="grid size-5 shrink-0 cursor-pointer place-items-center rounded text-muted hover:text-ink"
          >
            <Copy className="size-3" aria-hidden="true" />
          </button>
        )}
      </dd>
    </div>
  );
}

function objectText({ entries, bytes, rawBytes }: StoredObject): string {
  const ratio = bytes > 0 ? `, ${(rawBytes / bytes).toFixed(1)} times smaller than its lines` : "";
  return `${formatLines(entries)} in ${formatBytes(bytes)}${ratio}`;
}

/** An object never changes under its id, so what is known of it needs no second question while its line is open. */
function useStoredObject(slug: string, batch: string | null): StoredObject | null {
  const [stored, setStored] = useState<{ batch: string; object: StoredObject } | null>(null);
  useEffect(() => {
    if (batch === null) return;
    const abort = new AbortController();
    fetch(explorerObjectAddress(slug, batch), { signal: abort.signal }).then(
      async (answer) => {
        if (answer.ok) setStored({ batch, object: (await answer.json()) as StoredObject });
      },
      () => {
        // The line is shown without it.
      },
    );
    return () => abort.abort();
  }, [slug, batch]);
  return stored !== null && stored.batch === batch ? stored.object : null;
}
