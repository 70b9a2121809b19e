import type { ReactNode } from "react";

export type BadgeTone = "neutral" | "good" | "warn" | "bad";

const TONES: Record<BadgeTone, string> = {
  neutral: "bg-sunken text-muted",
  good: "bg-accent-soft text-accent",
  warn: "bg-warn-soft text-level-warn",
  bad: "bg-danger-soft text-danger",
};

/** Badge is a word or two about the thing it stands beside. */
export function Badge({ tone = "neutral", children }: { tone?: BadgeTone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
