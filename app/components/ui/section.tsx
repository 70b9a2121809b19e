import type { ReactNode } from "react";

export interface SectionProps {
  title: string;
  description?: ReactNode;
  /** Stands at the right of the title. */
  action?: ReactNode;
  children: ReactNode;
}

/** Section is a titled box of a page. */
export function Section({ title, description, action, children }: SectionProps) {
  return (
    <section className="rounded-xl border border-border bg-raised">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 border-b border-border px-5 py-4">
        <div className="min-w-0">
          <h2 className="font-semibold tracking-tight">{title}</h2>
          {description !== undefined && <p className="mt-1 max-w-prose text-sm leading-6 text-muted">{description}</p>}
        </div>
        {action}
      </div>
      <div className="px-5 py-5">{children}</div>
    </section>
  );
}

/** EmptyState stands where a list will be, and says how to get the first of it. */
export function EmptyState({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="px-4 py-10 text-center">
      <p className="font-medium">{title}</p>
      {children !== undefined && (
        <div className="mx-auto mt-1.5 max-w-prose text-sm leading-6 text-muted">{children}</div>
      )}
    </div>
  );
}
