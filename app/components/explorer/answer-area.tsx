import type { RefObject } from "react";
import type { Range } from "#app/components/explorer/explorer-state.ts";
import { ListHeader } from "#app/components/explorer/list-header.tsx";
import { LogList } from "#app/components/explorer/log-list.tsx";
import type { RowLook } from "#app/components/explorer/log-row.tsx";
import { NoLines } from "#app/components/explorer/no-lines.tsx";
import { NotSearched, SearchFailed } from "#app/components/explorer/search-failed.tsx";
import type { OpenRowControl } from "#app/components/explorer/use-open-row.ts";
import type { Rows } from "#app/components/explorer/use-rows.ts";
import type { Search } from "#app/components/explorer/use-search.ts";
import type { Tail } from "#app/components/explorer/use-tail.ts";

export interface AnswerAreaProps {
  slug: string;
  query: string;
  range: Range;
  search: Search;
  rows: Rows;
  /** Null while nothing is followed. */
  tail: Tail | null;
  look: RowLook;
  scroller: RefObject<HTMLDivElement>;
  openRow: OpenRowControl;
  openId: string | null;
  onQuery: (query: string) => void;
  onRange: (range: Range) => void;
  onRunAgain: () => void;
}

/** AnswerArea shows the rows of a search, or says why there are none and what to do about it. */
export function AnswerArea(props: AnswerAreaProps) {
  const { slug, query, range, search, rows, tail, look, scroller, openRow, openId } = props;
  const { phase, failure, end, rows: answer } = search.view;
  if (rows.count > 0 || phase === "running")
    return (
      <LogList
        {...{ scroller, look, answer, openId }}
        rows={rows.rows}
        count={rows.count}
        isHeld={tail?.view.isPaused === true}
        activeIndex={openRow.activeIndex}
        activeId={openRow.activeId}
        isStale={search.isStale}
        hasMore={search.hasMore}
        onMore={search.loadMore}
        onOpen={openRow.openAt}
        onLeaveTop={tail?.pause}
        header={<ListHeader columns={look.columns} zone={look.zone} hasDate={look.hasDate} />}
      />
    );
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      {failure !== null ? (
        <SearchFailed failure={failure} onRetry={search.resume} />
      ) : end?.complete === true ? (
        <NoLines
          key={`${query} ${range.from} ${range.to}`}
          {...{ slug, query, range }}
          zone={look.zone}
          onQuery={props.onQuery}
          onRange={props.onRange}
          onArrival={props.onRunAgain}
        />
      ) : phase === "stopped" ? (
        <NotSearched title="Stopped before the first line" action="Go on" onAction={search.resume} />
      ) : (
        <NotSearched title="No line in what could be read" action="Search again" onAction={props.onRunAgain} />
      )}
    </div>
  );
}
