import type { ReactNode } from "react";

export interface PageBodyProps {
  title: string;
  description?: ReactNode;
  /** Stands at the right of the title. */
  action?: ReactNode;
  children: ReactNode;
}

/** PageBody is a page of the app that scrolls: its title and what is below. */
export function PageBody({ title, description, action, children }: PageBodyProps) {
  return (
    <div className="mx-auto w-full max-w-6xl px-4 py-6 sm:px-6 sm:py-8">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
          {description !== undefined && (
            <p className="mt-1.5 max-w-prose text-sm leading-6 text-muted">{description}</p>
          )}
        </div>
        {action}
      </div>
      <div className="mt-6 space-y-6">{children}</div>
    </div>
  );
}
