import type { ReactNode } from "react";

export type StatusTone = "good" | "waiting" | "bad";

const DOTS: Record<StatusTone, string> = {
  good: "bg-accent",
  waiting: "bg-level-warn motion-safe:animate-pulse",
  bad: "bg-level-error",
};

/** StatusBadge says how something is, in words; the dot only repeats it. Changes are announced politely. */
export function StatusBadge({ tone, children }: { tone: StatusTone; children: ReactNode }) {
  return (
    <p
      role="status"
      className="inline-flex items-center gap-2 rounded-full border border-border bg-surface px-3 py-1 text-sm whitespace-nowrap"
    >
      <span aria-hidden="true" className={`size-2 rounded-full ${DOTS[tone]}`} />
      {children}
    </p>
  );
}
