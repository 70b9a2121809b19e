import { useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { Context } from "#app/components/explorer/api-client.ts";
import type { Entry } from "#app/components/explorer/entry.ts";
import type { Zone } from "#app/components/zone.ts";
import { LogRow, type RowLook } from "#app/components/explorer/log-row.tsx";
import { useFetched } from "#app/components/explorer/use-fetched.ts";
import { visibleLabel } from "#app/components/explorer/visible-text.ts";
import { valueOf } from "#app/components/explorer/entry.ts";
import { Button } from "#app/components/ui/button.tsx";

/** What lines of one place have in common, where they have it. */
const PLACE_LABELS = ["service", "host", "hostname", "pod", "container", "file"];
const STEP = 20;
const MOST = 500;

export interface DetailContextProps {
  slug: string;
  entry: Entry;
  zone: Zone;
  onOpen: (entry: Entry) => void;
}

/** DetailContext shows the lines around a line, whatever the query is; which fields they share can be chosen. */
export function DetailContext({ slug, entry, zone, onOpen }: DetailContextProps) {
  const possible = PLACE_LABELS.filter((label) => (valueOf(entry, label) ?? "") !== "");
  const [fields, setFields] = useState<readonly string[]>(possible);
  const [reach, setReach] = useState(STEP);
  const body = { id: entry.ref.id, timestamp: entry.timestamp, before: reach, after: reach, fields };
  const { data, failure, isLoading, reload } = useFetched<Context>("/context", slug, body, true, 0);
  const section = useRef<HTMLElement>(null);
  useSteadyLine(section, data);
  const look: RowLook = { columns: [], isWrapped: true, zone, hasDate: false, wanted: [] };

  function toggle(label: string): void {
    setFields(fields.includes(label) ? fields.filter((one) => one !== label) : [...fields, label]);
  }

  return (
    <section ref={section} aria-label="Surrounding lines" className="pb-2 [overflow-anchor:none]">
      <div className="sticky top-0 z-10 flex flex-wrap items-center gap-1.5 border-b border-border bg-raised px-4 py-2 text-xs">
        <span className="text-muted">{possible.length === 0 ? "All lines of the project" : "With the same"}</span>
        {possible.map((label) => (
          <button
            key={label}
            type="button"
            aria-pressed={fields.includes(label)}
            onClick={() => toggle(label)}
            className="max-w-48 cursor-pointer truncate rounded-full border border-border-strong/60 px-2 py-0.5 text-muted aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
          >
            {label} {visibleLabel(valueOf(entry, label) ?? "")}
          </button>
        ))}
      </div>
      {failure !== null && (
        <p className="flex items-center gap-3 px-4 py-2 text-xs text-muted">
          {failure.detail}
          <Button size="small" onClick={reload}>
            Retry
          </Button>
        </p>
      )}
      {data === null && failure === null && (
        <p className="px-4 py-2 text-xs text-muted">Looking for the lines around</p>
      )}
      {data !== null && (
        // A click on lines that are about to be others would open one that nobody pointed at.
        <div className={`pt-1 ${isLoading ? "stale pointer-events-none" : ""}`}>
          <More isShown={reach < MOST && data.index >= reach} onClick={() => setReach(Math.min(MOST, reach * 3))}>
            Earlier lines
          </More>
          {/* The lines around can be read with the arrow keys; opening one is a convenience of the mouse. */}
          {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events */}
          <div
            role="grid"
            aria-label="Surrounding lines"
            tabIndex={0}
            onClick={(event) => openFrom(event.target, data.entries, onOpen)}
          >
            {data.entries.map((one, index) => (
              <LogRow
                key={one.ref.id}
                idPrefix="around"
                entry={one}
                index={index}
                look={look}
                isActive={false}
                startPx={null}
                measure={null}
                isOpen={index === data.index}
              />
            ))}
          </div>
          <More
            isShown={reach < MOST && data.entries.length - data.index - 1 >= reach}
            onClick={() => setReach(Math.min(MOST, reach * 3))}
          >
            Later lines
          </More>
          {!data.complete && (
            <p className="px-4 py-2 text-xs text-muted">Lines may be missing here: not everything could be read.</p>
          )}
        </div>
      )}
    </section>
  );
}

/**
 * useSteadyLine brings the line that all is about into the middle, and keeps it at its place of the screen when more or
 * fewer lines stand above it.
 */
function useSteadyLine(section: RefObject<HTMLElement>, data: Context | null): void {
  const lastTopPx = useRef<number | null>(null);
  useLayoutEffect(() => {
    const line = section.current?.querySelector(`[data-index="${data?.index}"]`);
    const panel = section.current?.closest("[role=tabpanel]");
    if (section.current === null || !line || !panel) return;
    const { top, height } = line.getBoundingClientRect();
    const topPx = top - section.current.getBoundingClientRect().top;
    panel.scrollTop += topPx - (lastTopPx.current ?? (panel.clientHeight - height) / 2);
    lastTopPx.current = topPx;
  }, [section, data]);
}

function More({ isShown, onClick, children }: { isShown: boolean; onClick: () => void; children: string }) {
  if (!isShown) return null;
  return (
    <div className="px-4 py-1">
      <button
        type="button"
        onClick={onClick}
        className="cursor-pointer rounded text-xs text-accent underline underline-offset-2"
      >
        {children}
      </button>
    </div>
  );
}

function openFrom(target: EventTarget, entries: readonly Entry[], onOpen: (entry: Entry) => void): void {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  const entry = row === null ? undefined : entries[Number(row.dataset["index"])];
  if (entry !== undefined) onOpen(entry);
}
