import { ChevronDown, ChevronUp, Copy, Link2, X } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { DetailContext } from "#app/components/explorer/detail-context.tsx";
import { DetailFields, type FieldActions } from "#app/components/explorer/detail-fields.tsx";
import { DetailMessage } from "#app/components/explorer/detail-message.tsx";
import { DetailStorage } from "#app/components/explorer/detail-storage.tsx";
import type { Entry } from "#app/components/explorer/entry.ts";
import type { Zone } from "#app/components/zone.ts";
import { LevelShape, lookOf } from "#app/components/explorer/level-mark.tsx";
import { formatFullTime } from "#app/components/explorer/time-format.ts";
import type { PositiveText } from "#app/core/query/positive-texts.ts";
import { Menu, MenuItem } from "#app/components/ui/menu.tsx";
import { buttonClass } from "#app/components/ui/button.tsx";

export interface DetailPanelProps extends FieldActions {
  slug: string;
  entry: Entry;
  columns: readonly string[];
  zone: Zone;
  wanted: readonly PositiveText[];
  /** Its frame has a heading and a way to close it. */
  isInSheet: boolean;
  onClose: () => void;
  onStep: (step: 1 | -1) => void;
  onOpenEntry: (entry: Entry) => void;
  onCopyLink: () => void;
  onCopyCurl: () => void;
}

type Tab = "line" | "around";

/** DetailPanel is everything about one line. */
export function DetailPanel(props: DetailPanelProps) {
  const { slug, entry, columns, zone, wanted, isInSheet, onClose, onStep, onOpenEntry } = props;
  const [tab, setTab] = useState<Tab>("line");
  const level = lookOf(entry.level);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex shrink-0 items-center gap-2 border-b border-border py-1.5 pr-2 pl-4">
        <div className="min-w-0 flex-1">
          <p className={`flex items-center gap-1.5 text-xs ${level.text}`}>
            <LevelShape level={entry.level} className="size-2.5" />
            {entry.level}
          </p>
          <p className="text-xs text-muted tabular-nums">{formatFullTime(entry.timestamp, zone)}</p>
        </div>
        <PanelButton label="Line above (k)" onClick={() => onStep(-1)} Icon={ChevronUp} />
        <PanelButton label="Line below (j)" onClick={() => onStep(1)} Icon={ChevronDown} />
        <PanelButton label="Copy a link to this line" onClick={props.onCopyLink} Icon={Link2} />
        <Menu
          trigger={
            <button type="button" className={buttonClass({ tone: "quiet", size: "small" }, "w-8 px-0!")} title="Copy">
              <Copy className="size-4" aria-hidden="true" />
              <span className="sr-only">Copy the line</span>
            </button>
          }
        >
          <MenuItem onSelect={() => props.onCopy("The message", entry.message)}>Message</MenuItem>
          <MenuItem onSelect={() => props.onCopy("The line as JSON", JSON.stringify(entry, null, 2))}>As JSON</MenuItem>
          <MenuItem onSelect={props.onCopyCurl}>As cURL</MenuItem>
        </Menu>
        {!isInSheet && <PanelButton label="Close (Esc)" onClick={onClose} Icon={X} />}
      </div>
      <div role="tablist" aria-label="Details" className="flex shrink-0 gap-1 border-b border-border px-3">
        <TabButton id="line" tab={tab} onChange={setTab}>
          Line
        </TabButton>
        <TabButton id="around" tab={tab} onChange={setTab}>
          Surrounding lines
        </TabButton>
      </div>
      <div
        id="detail-tab"
        role="tabpanel"
        aria-labelledby={`detail-tab-${tab}`}
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain outline-none focus-visible:outline-2 focus-visible:-outline-offset-2"
      >
        {tab === "line" ? (
          <>
            <DetailMessage key={entry.ref.id} message={entry.message} wanted={wanted} />
            <DetailFields
              entry={entry}
              columns={columns}
              onFilter={props.onFilter}
              onExclude={props.onExclude}
              onToggleColumn={props.onToggleColumn}
              onCopy={props.onCopy}
            />
            <DetailStorage slug={slug} entry={entry} onCopy={props.onCopy} />
          </>
        ) : (
          <DetailContext key={entry.ref.id} slug={slug} entry={entry} zone={zone} onOpen={onOpenEntry} />
        )}
      </div>
    </div>
  );
}

function PanelButton({ label, onClick, Icon }: { label: string; onClick: () => void; Icon: typeof X }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={onClick}
      className={buttonClass({ tone: "quiet", size: "small" }, "w-8 px-0!")}
    >
      <Icon className="size-4" aria-hidden="true" />
    </button>
  );
}

interface TabButtonProps {
  id: Tab;
  tab: Tab;
  onChange: (tab: Tab) => void;
  children: string;
}

function TabButton({ id, tab, onChange, children }: TabButtonProps) {
  function onKeyDown({ key }: KeyboardEvent): void {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    // There are two, so both keys lead to the other one.
    const other = id === "line" ? "around" : "line";
    onChange(other);
    document.getElementById(`detail-tab-${other}`)?.focus();
  }
  return (
    <button
      id={`detail-tab-${id}`}
      type="button"
      role="tab"
      aria-selected={id === tab}
      aria-controls="detail-tab"
      tabIndex={id === tab ? 0 : -1}
      onClick={() => onChange(id)}
      onKeyDown={onKeyDown}
      className="-mb-px cursor-pointer border-b-2 border-transparent px-1.5 py-2 text-xs font-medium text-muted hover:text-ink aria-selected:border-accent aria-selected:text-accent"
    >
      {children}
    </button>
  );
}
