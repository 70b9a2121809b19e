import type { PaletteCommand } from "#app/components/explorer/command-palette.tsx";
import type { ExplorerState, Range } from "#app/components/explorer/explorer-state.ts";
import { exportAddress } from "#app/components/explorer/query-request.ts";
import type { UpdateExplorer } from "#app/components/explorer/use-explorer-state.ts";
import type { SavedSearch } from "#app/core/saved-search.ts";

export interface CommandContext {
  slug: string;
  state: ExplorerState;
  update: UpdateExplorer;
  saved: readonly SavedSearch[];
  openSaved: (saved: SavedSearch) => void;
  goTo: (address: string) => void;
  focusQuery: () => void;
  openTime: () => void;
  openSave: () => void;
  openHelp: () => void;
  zoomOut: () => void;
  copyLink: (kind: "relative" | "absolute") => void;
  copyCurl: () => void;
  setRange: (range: Range) => void;
  toggleLive: () => void;
}

const TIMES: readonly (readonly [from: string, label: string])[] = [
  ["now-15m", "Last 15 minutes"],
  ["now-1h", "Last hour"],
  ["now-1d", "Last day"],
  ["now-7d", "Last 7 days"],
];

/** explorerCommands lists everything the palette can do. */
export function explorerCommands(context: CommandContext): PaletteCommand[] {
  const { slug, state, update, saved, goTo } = context;
  return [
    { group: "Search", label: "Write the query", keys: "/", run: context.focusQuery },
    { group: "Search", label: "Only errors", run: () => update({ query: "level:>=error", isLive: false }) },
    { group: "Search", label: "Clear the query", run: () => update({ query: "" }) },
    { group: "Search", label: "Save this search", run: context.openSave },
    { group: "Time", label: "Choose the time", keys: "t", run: context.openTime },
    ...TIMES.map(([from, label]) => ({ group: "Time", label, run: () => context.setRange({ from, to: "now" }) })),
    { group: "Time", label: "Zoom out", run: context.zoomOut },
    {
      group: "Time",
      label: state.zone === "utc" ? "Times in my zone" : "Times in UTC",
      run: () => update({ zone: state.zone === "utc" ? "local" : "utc" }, { replace: true }),
    },
    {
      group: "View",
      label: state.isLive ? "Stop following live" : "Follow live",
      keys: "l",
      run: context.toggleLive,
    },
    {
      group: "View",
      label: state.isWrapped ? "One line for each entry" : "Wrap lines",
      keys: "w",
      run: () => update({ isWrapped: !state.isWrapped }, { replace: true }),
    },
    {
      group: "View",
      label: state.order === "desc" ? "Oldest first" : "Newest first",
      run: () => update({ order: state.order === "desc" ? "asc" : "desc", isLive: false }),
    },
    { group: "Share", label: "Copy link to this search", run: () => context.copyLink("relative") },
    { group: "Share", label: "Copy link with fixed times", run: () => context.copyLink("absolute") },
    { group: "Share", label: "Copy as cURL", run: context.copyCurl },
    {
      group: "Share",
      label: "Export as NDJSON",
      run: () => window.location.assign(exportAddress(slug, state, "ndjson")),
    },
    { group: "Share", label: "Export as CSV", run: () => window.location.assign(exportAddress(slug, state, "csv")) },
    ...saved.map((one) => ({ group: "Saved searches", label: one.name, run: () => context.openSaved(one) })),
    { group: "Go to", label: "Dashboard", run: () => goTo(`/p/${slug}`) },
    { group: "Go to", label: "Alerts", run: () => goTo(`/p/${slug}/alerts`) },
    { group: "Go to", label: "Settings", run: () => goTo(`/p/${slug}/settings`) },
    { group: "Go to", label: "All projects", run: () => goTo("/") },
    { group: "Help", label: "Keyboard shortcuts", keys: "?", run: context.openHelp },
  ];
}
