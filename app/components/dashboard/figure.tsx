import { Link } from "@remix-run/react";
import type { ReactNode } from "react";

export interface FigureProps {
  label: string;
  value: string;
  /** The exact figure, or what it means. */
  title: string;
  tone?: "plain" | "bad";
  /** Where the figure leads. */
  to?: string;
  className?: string;
  /** What to compare it with. */
  children: ReactNode;
}

/** Figure is one number that matters, and what it says. It stands in a `dl`. */
export function Figure({ label, value, title, tone = "plain", to, className = "", children }: FigureProps) {
  return (
    <div className={`relative rounded-xl border border-border bg-raised px-4 py-3.5 ${className}`}>
      <dt className="text-[0.8125rem] text-muted">
        {to === undefined ? (
          label
        ) : (
          <Link to={to} className="after:absolute after:inset-0 after:rounded-xl hover:text-ink">
            {label}
          </Link>
        )}
      </dt>
      <dd>
        <p
          title={title}
          className={`mt-0.5 text-2xl font-semibold tracking-tight tabular-nums ${tone === "bad" ? "text-danger" : ""}`}
        >
          {value}
        </p>
        <p className="mt-1 text-xs leading-5 text-muted">{children}</p>
      </dd>
    </div>
  );
}
