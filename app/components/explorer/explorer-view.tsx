import { useNavigate } from "@remix-run/react";
import { Play, Radio } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { Facets, Histogram as Counted } from "#app/components/explorer/api-client.ts";
import { AnswerArea } from "#app/components/explorer/answer-area.tsx";
import { CommandPalette } from "#app/components/explorer/command-palette.tsx";
import { DetailFrame } from "#app/components/explorer/detail-frame.tsx";
import { explorerCommands } from "#app/components/explorer/explorer-commands.ts";
import {
  DEFAULT_RANGE,
  isSameRange,
  parseExplorerState,
  printExplorerState,
  type Range,
} from "#app/components/explorer/explorer-state.ts";
import type { ExplorerProps } from "#app/components/explorer/explorer.tsx";
import { FacetPanel } from "#app/components/explorer/facet-panel.tsx";
import { Histogram } from "#app/components/explorer/histogram.tsx";
import { LiveBar } from "#app/components/explorer/live-bar.tsx";
import type { RowLook } from "#app/components/explorer/log-row.tsx";
import { QueryBar } from "#app/components/explorer/query-bar.tsx";
import { bodyOf, contextCurlOf, curlOf, explorerAddress } from "#app/components/explorer/query-request.ts";
import { SavedSearches } from "#app/components/explorer/saved-searches.tsx";
import { Sheet } from "#app/components/explorer/sheet.tsx";
import { ShortcutSheet } from "#app/components/explorer/shortcut-sheet.tsx";
import { StatusLine } from "#app/components/explorer/status-line.tsx";
import { TimePicker } from "#app/components/explorer/time-picker.tsx";
import { ToastLine, useToast } from "#app/components/explorer/toast.tsx";
import { Toolbar } from "#app/components/explorer/toolbar.tsx";
import { useClipboard } from "#app/components/explorer/use-clipboard.ts";
import { useExplorerState } from "#app/components/explorer/use-explorer-state.ts";
import { useFetched } from "#app/components/explorer/use-fetched.ts";
import { useMedia } from "#app/components/explorer/use-media.ts";
import { useOpenRow } from "#app/components/explorer/use-open-row.ts";
import { useRangeHistory } from "#app/components/explorer/use-range-history.ts";
import { seenTagKeys, useRows } from "#app/components/explorer/use-rows.ts";
import { useSearch } from "#app/components/explorer/use-search.ts";
import { useShortcuts } from "#app/components/explorer/use-shortcuts.ts";
import { useTick } from "#app/components/explorer/use-tick.ts";
import { useTail } from "#app/components/explorer/use-tail.ts";
import { absoluteRange, spansDays, zoomOut } from "#app/components/explorer/zoom.ts";
import { withExcluded, withOnly } from "#app/core/query/edit-query.ts";
import { labelOfTag } from "#app/core/query/field-label.ts";
import { InvalidQueryError } from "#app/core/query/invalid-query-error.ts";
import { parseQuery } from "#app/core/query/parse-query.ts";
import { positiveTexts } from "#app/core/query/positive-texts.ts";
import type { SavedSearch } from "#app/core/saved-search.ts";
import { Button } from "#app/components/ui/button.tsx";

/** While lines come in live, they are counted again so often. */
const COUNT_AGAIN_MS = 10_000;

type Overlay = "time" | "facets" | "saved" | "help" | "palette" | null;

/** ExplorerView joins the parts of the explorer; its state is the address. */
export function ExplorerView({ slug, canEdit, saved }: ExplorerProps) {
  const navigate = useNavigate();
  const [state, update] = useExplorerState();
  const { query, range, order, zone, columns, isWrapped, isLive, row } = state;
  const [runId, setRunId] = useState(0);
  const [overlay, setOverlay] = useState<Overlay>(null);
  const rangeHistory = useRangeHistory(range);
  const queryInput = useRef<HTMLTextAreaElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const isWide = useMedia("(min-width: 64rem)");
  const toast = useToast();
  const copy = useClipboard(toast.show);

  const predicate = useMemo(() => parseQuery(query), [query]);
  const isSound = !(predicate instanceof InvalidQueryError);
  const wanted = useMemo(() => (predicate instanceof InvalidQueryError ? [] : positiveTexts(predicate)), [predicate]);
  const search = useSearch(slug, { query, range, order }, runId);
  const runAgain = useCallback(() => setRunId((id) => id + 1), []);
  // What came after the search and before the follow is in neither of them.
  const tail = useTail(slug, query, isLive && isSound, runAgain);
  const rows = useRows(search, tail, isLive);
  const liveTick = useTick(isLive ? COUNT_AGAIN_MS : null);
  const openRow = useOpenRow(slug, row, rows, update, tail.pause);

  // Rows first: what else there is to count waits until the first of them are there.
  const isDue = isSound && !search.isStale && (search.view.count > 0 || search.view.phase !== "running");
  const body = isSound ? bodyOf({ query, range, order: "desc" }) : null;
  const counted = useFetched<Counted>(
    "/histogram",
    slug,
    body === null ? null : { ...body, buckets: 90 },
    isDue,
    runId + liveTick,
  );
  const facets = useFetched<Facets>("/facets", slug, body === null ? null : { ...body, top: 10 }, isDue, runId);

  const tagKeys = seenTagKeys(rows.rows, rows.count).join("\n");
  const labels = useMemo(() => {
    const seen = tagKeys === "" ? [] : tagKeys.split("\n").map(labelOfTag);
    return [...new Set(["service", "level", ...(facets.data?.fields ?? []).map(({ name }) => name), ...seen])];
  }, [tagKeys, facets.data]);

  const hasDate = spansDays(range);
  const look = useMemo<RowLook>(
    () => ({ columns, isWrapped, zone, hasDate, wanted }),
    [columns, isWrapped, zone, hasDate, wanted],
  );

  const setQuery = useCallback((next: string) => update({ query: next }), [update]);
  function run(next: string): void {
    if (next === query) runAgain();
    else update({ query: next });
  }
  function setRange(next: Range): void {
    if (isSameRange(next, range)) return runAgain();
    rangeHistory.remember();
    update({ range: next, isLive: false });
  }
  function openSaved(one: SavedSearch): void {
    update({ ...parseExplorerState(new URLSearchParams(one.search)), zone, row: null });
  }
  function toggleColumn(label: string): void {
    const next = columns.includes(label) ? columns.filter((column) => column !== label) : [...columns, label];
    update({ columns: next }, { replace: true });
  }
  function copyLink(kind: "relative" | "absolute", withRow = false): void {
    const linked = { ...state, isLive: false, row: withRow ? row : null };
    const shared = kind === "relative" ? linked : { ...linked, range: absoluteRange(range, Date.now()) };
    copy(withRow ? "A link to this line" : "The link", window.location.origin + explorerAddress(slug, shared));
  }
  const copyCurl = () => copy("The cURL command", curlOf(window.location.origin, { query, range, order }));
  const focusQuery = () => queryInput.current?.focus();
  const zoom = () => setRange(zoomOut(range, Date.now()));
  function toggleLive(): void {
    // What was followed goes with the follow; a search finds it.
    if (isLive) runAgain();
    // Nothing new comes into a time that is over.
    const isOver = !isLive && range.to !== "now";
    if (isOver) rangeHistory.remember();
    update({ isLive: !isLive, order: "desc", range: isOver ? DEFAULT_RANGE : range });
  }

  function walk(by: 1 | -1): void {
    openRow.step(by);
    // Enter then opens the row, whatever was used before; and what has the focus is what is read out.
    if (row === null) list.current?.focus({ preventScroll: true });
  }

  function closeRow(): void {
    openRow.close();
    list.current?.focus({ preventScroll: true });
  }

  useShortcuts({
    "/": focusQuery,
    j: () => walk(1),
    k: () => walk(-1),
    ArrowDown: () => walk(1),
    ArrowUp: () => walk(-1),
    Enter: () => openRow.activeIndex !== null && openRow.openAt(openRow.activeIndex),
    Escape: () => row !== null && closeRow(),
    t: () => setOverlay("time"),
    l: toggleLive,
    w: () => update({ isWrapped: !isWrapped }, { replace: true }),
    "?": () => setOverlay("help"),
    "mod+k": () => setOverlay("palette"),
  });

  const facetPanel = <FacetPanel {...{ slug, query, range, facets, runId }} seenLabels={labels} onQuery={setQuery} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <h1 className="sr-only">Logs</h1>
      <div className="flex shrink-0 flex-wrap items-start gap-2 border-b border-border bg-raised px-3 py-2 sm:flex-nowrap sm:px-4">
        <div className="w-full min-w-0 sm:flex-1">
          <QueryBar
            {...{ slug, query, range, labels, saved }}
            refusal={search.view.failure}
            inputRef={queryInput}
            onRun={run}
            onOpenSaved={openSaved}
            onLeave={() => queryInput.current?.blur()}
          />
        </div>
        <TimePicker
          range={range}
          zone={zone}
          isOpen={overlay === "time"}
          onOpenChange={(isOpen) => setOverlay(isOpen ? "time" : null)}
          onChange={setRange}
          onZone={(next) => update({ zone: next }, { replace: true })}
          onBack={rangeHistory.back === null ? null : () => update({ range: rangeHistory.back?.() ?? range })}
        />
        <Button
          aria-pressed={isLive}
          title="Live (l)"
          onClick={toggleLive}
          className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
        >
          <Radio className="size-4" aria-hidden="true" />
          Live
        </Button>
        <Button tone="primary" title="Run the query (Enter)" onClick={runAgain}>
          <Play className="size-4" aria-hidden="true" />
          Run
        </Button>
      </div>
      <Histogram
        // Counts that only go on need not be dimmed each time.
        counted={isLive ? { ...counted, isLoading: false } : counted}
        // Nor are the values counted anew while lines come in, so they would be behind the bars.
        levels={isLive || facets.isLoading ? null : (facets.data?.fields.find(({ name }) => name === "level") ?? null)}
        zone={zone}
        onZoom={setRange}
        onZoomOut={zoom}
        onLevel={(level) => setQuery(withOnly(query, "level", [level]))}
      />
      {isLive && <LiveBar {...tail} />}
      <div className="flex min-h-0 flex-1">
        {isWide && (
          <aside aria-label="Filters" className="flex w-56 shrink-0 flex-col border-r border-border">
            {facetPanel}
          </aside>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          <Toolbar
            {...{ slug, state, update, labels, canEdit, onCopyCurl: copyCurl }}
            status={<StatusLine {...search} shown={rows.count} isLive={isLive} />}
            onFacets={() => setOverlay("facets")}
            onSave={() => setOverlay("saved")}
            onCopyLink={copyLink}
            onHelp={() => setOverlay("help")}
          />
          <AnswerArea
            {...{ slug, query, range, search, rows, look, openRow }}
            tail={isLive ? tail : null}
            scroller={list}
            openId={row?.id ?? null}
            onQuery={setQuery}
            onRange={setRange}
            onRunAgain={runAgain}
          />
        </div>
        {row !== null && (
          <DetailFrame
            isWide={isWide}
            control={{ ...openRow, close: closeRow }}
            panel={{
              slug,
              columns,
              zone,
              wanted,
              onFilter: (label, value) => setQuery(withOnly(query, label, [value])),
              onExclude: (label, value) => setQuery(withExcluded(query, label, value)),
              onToggleColumn: toggleColumn,
              onCopy: copy,
              onCopyLink: () => copyLink("absolute", true),
              onCopyCurl: () => copy("The cURL command", contextCurlOf(window.location.origin, row.id, row.timestamp)),
            }}
          />
        )}
      </div>
      <Sheet title="Filters" isOpen={overlay === "facets" && !isWide} onClose={() => setOverlay(null)}>
        {facetPanel}
      </Sheet>
      <SavedSearches
        saved={saved}
        canEdit={canEdit}
        search={printExplorerState({ ...state, row: null, isLive: false }).toString()}
        isOpen={overlay === "saved"}
        onOpenChange={(isOpen) => setOverlay(isOpen ? "saved" : null)}
        onOpenSaved={openSaved}
      />
      <ShortcutSheet isOpen={overlay === "help"} onOpenChange={(isOpen) => setOverlay(isOpen ? "help" : null)} />
      {overlay === "palette" && (
        <CommandPalette
          onClose={() => setOverlay(null)}
          getCommands={() =>
            explorerCommands({
              ...{
                slug,
                state,
                update,
                saved,
                openSaved,
                focusQuery,
                copyLink,
                copyCurl,
                zoomOut: zoom,
                setRange,
                toggleLive,
              },
              goTo: (address) => navigate(address),
              openTime: () => setOverlay("time"),
              openSave: () => setOverlay("saved"),
              openHelp: () => setOverlay("help"),
            })
          }
        />
      )}
      <ToastLine message={toast.message} />
    </div>
  );
}
