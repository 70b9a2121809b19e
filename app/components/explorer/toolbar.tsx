import {
  ArrowDownUp,
  BellPlus,
  Bookmark,
  Check,
  Download,
  Keyboard,
  Link2,
  ListFilter,
  Terminal,
  WrapText,
} from "lucide-react";
import type { ReactNode } from "react";
import { ColumnsMenu } from "#app/components/explorer/columns-menu.tsx";
import type { ExplorerState } from "#app/components/explorer/explorer-state.ts";
import { Popover, PopoverClose } from "#app/components/explorer/popover.tsx";
import { alertAddress, exportAddress } from "#app/components/explorer/query-request.ts";
import type { UpdateExplorer } from "#app/components/explorer/use-explorer-state.ts";
import { ButtonLink, buttonClass } from "#app/components/ui/button.tsx";

export interface ToolbarProps {
  slug: string;
  state: ExplorerState;
  update: UpdateExplorer;
  labels: readonly string[];
  canEdit: boolean;
  status: ReactNode;
  onFacets: () => void;
  onSave: () => void;
  onCopyLink: (kind: "relative" | "absolute") => void;
  onCopyCurl: () => void;
  onHelp: () => void;
}

/** Toolbar is the line above the rows: how the search is doing, and how its rows are shown and taken along. */
export function Toolbar(props: ToolbarProps) {
  const { slug, state, update, labels, canEdit, status, onFacets, onSave, onCopyLink, onCopyCurl, onHelp } = props;
  const isNewestFirst = state.order === "desc";
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-1 gap-y-1 border-b sm:flex-nowrap border-border px-3 py-1 text-xs sm:px-4">
      <Tool label="Filters" onClick={onFacets} Icon={ListFilter} className="lg:hidden" isNamed />
      <div className="@container order-last flex min-h-7 w-full min-w-0 flex-1 basis-full items-center sm:order-none sm:w-auto sm:basis-auto">
        {status}
      </div>
      <div className="flex items-center gap-0.5">
        <Tool
          label={isNewestFirst ? "Newest first" : "Oldest first"}
          hint="Change the order"
          onClick={() => update({ order: isNewestFirst ? "asc" : "desc", isLive: false })}
          Icon={ArrowDownUp}
          isNamed
        />
        <Tool
          label="Wrap lines"
          hint="Wrap lines (w)"
          isPressed={state.isWrapped}
          onClick={() => update({ isWrapped: !state.isWrapped }, { replace: true })}
          Icon={WrapText}
        />
        <ColumnsMenu labels={labels} columns={state.columns} update={update} />
        <Popover
          label="Export and share"
          className="w-64 p-1"
          trigger={
            <button
              type="button"
              title="Export and share"
              className={buttonClass({ tone: "quiet", size: "small" }, TOOL)}
            >
              <Download className="size-3.5" aria-hidden="true" />
              <span className="sr-only">Export and share</span>
            </button>
          }
        >
          <Choice href={exportAddress(slug, state, "ndjson")} Icon={Download}>
            All matches as NDJSON
          </Choice>
          <Choice href={exportAddress(slug, state, "csv")} Icon={Download}>
            All matches as CSV
          </Choice>
          <Choice onClick={() => onCopyLink("relative")} Icon={Link2}>
            Copy link to this search
          </Choice>
          <Choice onClick={() => onCopyLink("absolute")} Icon={Link2}>
            Copy link with fixed times
          </Choice>
          <Choice onClick={onCopyCurl} Icon={Terminal}>
            Copy as cURL
          </Choice>
        </Popover>
        <Tool label={canEdit ? "Save search" : "Saved searches"} onClick={onSave} Icon={Bookmark} />
        {canEdit && (
          <ButtonLink
            to={alertAddress(slug, state.query)}
            tone="quiet"
            size="small"
            className={TOOL}
            title="Create alert from this search"
          >
            <BellPlus className="size-3.5" aria-hidden="true" />
            <span className="sr-only">Create alert from this search</span>
          </ButtonLink>
        )}
        <Tool
          label="Keyboard shortcuts"
          hint="Keyboard shortcuts (?)"
          onClick={onHelp}
          Icon={Keyboard}
          className="max-sm:hidden"
        />
      </div>
    </div>
  );
}

const TOOL = "h-7! min-w-7 px-1.5! text-xs!";

interface ToolProps {
  label: string;
  hint?: string;
  Icon: typeof Check;
  isPressed?: boolean;
  /** The label is shown, where there is room. */
  isNamed?: boolean;
  className?: string;
  onClick: () => void;
}

function Tool({ label, hint = label, Icon, isPressed, isNamed = false, className = "", onClick }: ToolProps) {
  return (
    <button
      type="button"
      title={hint}
      aria-pressed={isPressed}
      onClick={onClick}
      className={buttonClass(
        { tone: "quiet", size: "small" },
        `${TOOL} aria-pressed:bg-accent-soft aria-pressed:text-accent ${className}`,
      )}
    >
      <Icon className="size-3.5" aria-hidden="true" />
      <span className={isNamed ? "" : "sr-only"}>{label}</span>
    </button>
  );
}

interface ChoiceProps {
  href?: string;
  onClick?: () => void;
  Icon: typeof Check;
  children: string;
}

function Choice({ href, onClick, Icon, children }: ChoiceProps) {
  const look =
    "flex w-full cursor-pointer items-center gap-2.5 rounded px-2.5 py-1.5 text-left text-[0.8125rem] hover:bg-sunken";
  const content = (
    <>
      <Icon className="size-3.5 text-muted" aria-hidden="true" />
      {children}
    </>
  );
  return (
    <PopoverClose asChild>
      {href === undefined ? (
        <button type="button" onClick={onClick} className={look}>
          {content}
        </button>
      ) : (
        <a href={href} download className={look}>
          {content}
        </a>
      )}
    </PopoverClose>
  );
}
