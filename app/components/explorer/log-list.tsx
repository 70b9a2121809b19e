import { useVirtualizer } from "@tanstack/react-virtual";
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  type MouseEvent,
  type ReactNode,
  type RefObject,
} from "react";
import type { Entry } from "#app/components/explorer/entry.ts";
import { LogRow, rowId, type RowLook } from "#app/components/explorer/log-row.tsx";

export interface LogListProps {
  scroller: RefObject<HTMLDivElement>;
  rows: readonly Entry[];
  count: number;
  look: RowLook;
  /** The rows that a search found; those of another one are read from the top. */
  answer: readonly Entry[];
  /** New rows wait. Once they are let in, the list is read from the top again. */
  isHeld: boolean;
  activeIndex: number | null;
  /** Chosen by keyboard or pointer; the list keeps it in view when it is another one. */
  activeId: string | null;
  openId: string | null;
  /** Rows of another question are shown, until the first of this one are there. */
  isStale: boolean;
  hasMore: boolean;
  onMore: () => void;
  onOpen: (index: number) => void;
  /** Told when the first row is not in view any more. */
  onLeaveTop?: (() => void) | undefined;
  /** Stays above the rows. */
  header: ReactNode;
}

const ID_PREFIX = "log";
const ROW_HEIGHT_PX = 24;
const OVERSCAN = 8;
/** Rows of one height are drawn into elements that are used again, as many as are in view. */
const FEWEST_SLOTS = 64;
/** The next page is asked for when so many rows are left. */
const MORE_AHEAD = 120;

/** LogList draws the rows that are in view, however many there are. */
export function LogList(props: LogListProps) {
  const { scroller, rows, count, look, answer, isHeld, activeIndex, activeId, openId, isStale } = props;
  const { hasMore, onMore, onOpen, onLeaveTop, header } = props;
  // Another function each time would make the virtualizer measure every row again, on each frame of scrolling.
  const getItemKey = useCallback((index: number) => rows[index]?.ref.id ?? index, [rows]);
  // Its functions change what they return without a change of themselves; nothing here is memoised by them.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT_PX,
    overscan: OVERSCAN,
    getItemKey,
  });
  const items = virtualizer.getVirtualItems();
  const lastIndex = items.at(-1)?.index ?? 0;
  let slots = FEWEST_SLOTS;
  while (slots < items.length) slots *= 2;

  useEffect(() => {
    if (hasMore && lastIndex >= count - MORE_AHEAD) onMore();
  }, [hasMore, lastIndex, count, onMore]);

  useLayoutEffect(() => {
    if (!isHeld) scroller.current?.scrollTo(0, 0);
  }, [scroller, answer, isHeld]);

  const latestActive = useRef(activeIndex);
  useLayoutEffect(() => {
    latestActive.current = activeIndex;
  }, [activeIndex]);
  useEffect(() => {
    // A row that is only moved on by new ones above it is not scrolled to.
    if (activeId !== null && latestActive.current !== null)
      virtualizer.scrollToIndex(latestActive.current, { align: "auto" });
  }, [activeId, virtualizer]);

  useEffect(() => virtualizer.measure(), [look.isWrapped, virtualizer]);

  function open(event: MouseEvent<HTMLDivElement>): void {
    // Whoever marks text to copy it does not want the details.
    if (window.getSelection()?.isCollapsed === false) return;
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-index]") : null;
    if (row !== null) onOpen(Number(row.dataset["index"]));
  }

  const isActiveDrawn = activeIndex !== null && items.some(({ index }) => index === activeIndex);
  return (
    // Keys for the same are the explorer's shortcuts.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      ref={scroller}
      role="grid"
      aria-label="Log lines"
      // How many there are is not known before the last of them.
      aria-rowcount={hasMore || isStale ? -1 : count + 1}
      aria-busy={isStale}
      aria-activedescendant={isActiveDrawn ? rowId(ID_PREFIX, activeIndex) : undefined}
      tabIndex={0}
      onClick={open}
      onScroll={({ currentTarget }) => currentTarget.scrollTop >= ROW_HEIGHT_PX && onLeaveTop?.()}
      className={`min-h-0 flex-1 overflow-x-hidden bg-surface overflow-y-auto overscroll-contain outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 ${isStale ? "stale" : ""}`}
    >
      {header}
      {count === 0 && <RowsToCome />}
      <div role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {items.map(({ index, key, start }) => {
          const entry = rows[index];
          if (entry === undefined) return null;
          return (
            <LogRow
              key={look.isWrapped ? key : index % slots}
              idPrefix={ID_PREFIX}
              entry={entry}
              index={index}
              look={look}
              isActive={index === activeIndex}
              isOpen={entry.ref.id === openId}
              startPx={start}
              measure={look.isWrapped ? virtualizer.measureElement : null}
            />
          );
        })}
      </div>
    </div>
  );
}

const WIDTHS = ["w-3/5", "w-2/5", "w-4/5", "w-1/2", "w-2/3", "w-1/3"];

/** RowsToCome stands where rows will be; a search that is quick never shows it. */
function RowsToCome() {
  return (
    <div aria-hidden="true" className="animate-appear">
      {WIDTHS.map((width) => (
        <div key={width} className="flex h-6 items-center gap-3 px-2.5">
          <span className="h-3 w-22 shrink-0 rounded bg-sunken" />
          <span className="h-3 w-13 shrink-0 rounded bg-sunken" />
          <span className={`h-3 rounded bg-sunken ${width}`} />
        </div>
      ))}
    </div>
  );
}
