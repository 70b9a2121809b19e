import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { childrenOf, previewOf, type Json } from "#app/components/explorer/json-text.ts";
import { LogText } from "#app/components/explorer/log-text.tsx";
import type { PositiveText } from "#app/core/query/positive-texts.ts";
import { formatCount } from "#app/components/format.ts";

/** Children that are drawn before somebody asks for more. */
const CHILDREN_AT_A_TIME = 100;
const VALUE_LENGTH = 4_000;
/** Deeper branches are closed at first. */
const OPEN_DEPTH = 2;
const FEW_CHILDREN = 30;

export interface JsonTreeProps {
  value: Json;
  wanted: readonly PositiveText[];
}

/** JsonTree shows JSON as a tree; only what is open is drawn, so that a megabyte of it costs no more than a screen. */
export function JsonTree({ value, wanted }: JsonTreeProps) {
  return (
    <div className="font-mono text-xs leading-5">
      <Branch name={null} value={value} depth={0} wanted={wanted} />
    </div>
  );
}

interface BranchProps {
  name: string | null;
  value: Json;
  depth: number;
  wanted: readonly PositiveText[];
}

function Branch({ name, value, depth, wanted }: BranchProps) {
  const isBranch = typeof value === "object" && value !== null;
  const children = isBranch ? childrenOf(value) : [];
  const [isOpen, setOpen] = useState(depth === 0 || (depth < OPEN_DEPTH && children.length <= FEW_CHILDREN));
  const [shown, setShown] = useState(CHILDREN_AT_A_TIME);
  if (!isBranch)
    return (
      <div className="pl-4.5 wrap-anywhere whitespace-pre-wrap">
        <Name name={name} wanted={wanted} />
        <Leaf value={value} wanted={wanted} />
      </div>
    );
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        className="flex max-w-full cursor-pointer items-center gap-1 rounded text-left hover:bg-sunken"
      >
        <ChevronRight className={`size-3.5 shrink-0 text-muted ${isOpen ? "rotate-90" : ""}`} aria-hidden="true" />
        <span className="truncate">
          <Name name={name} wanted={wanted} />
          <span className="text-muted">{previewOf(value)}</span>
        </span>
      </button>
      {isOpen && (
        <div className="ml-1.5 border-l border-border pl-2">
          {children.slice(0, shown).map(([key, child]) => (
            <Branch key={key} name={key} value={child} depth={depth + 1} wanted={wanted} />
          ))}
          {children.length > shown && (
            <button
              type="button"
              onClick={() => setShown(shown + CHILDREN_AT_A_TIME * 5)}
              className="ml-4.5 cursor-pointer rounded text-accent underline underline-offset-2"
            >
              {formatCount(children.length - shown)} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Name({ name, wanted }: { name: string | null; wanted: readonly PositiveText[] }) {
  if (name === null) return null;
  return (
    <span className="text-accent">
      <LogText text={name} wanted={wanted} maxLength={200} isOneLine />
      <span className="text-muted">: </span>
    </span>
  );
}

function Leaf({ value, wanted }: { value: Exclude<Json, object>; wanted: readonly PositiveText[] }) {
  if (typeof value === "string")
    return (
      <span className="text-level-info">
        <LogText text={`"${value}"`} wanted={wanted} maxLength={VALUE_LENGTH} isOneLine={false} />
      </span>
    );
  return <span className="text-level-warn">{String(value)}</span>;
}
