import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import { Mark } from "#app/components/mark.tsx";
import { SkipLink } from "#app/components/skip-link.tsx";

export interface PageShellProps {
  children: ReactNode;
  /** Stands at the right of the header. */
  aside?: ReactNode;
}

/** PageShell is the frame of every page: a way past the header, the name, the content. */
export function PageShell({ children, aside }: PageShellProps) {
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <header className="border-b border-border bg-raised">
        <div className="mx-auto flex h-14 w-full max-w-3xl items-center justify-between gap-4 px-5">
          <Link to="/" className="-mx-1 flex items-center gap-2.5 rounded px-1 font-semibold tracking-tight">
            <Mark />
            Akavelog
          </Link>
          {aside}
        </div>
      </header>
      <main id="content" tabIndex={-1} className="mx-auto w-full max-w-3xl flex-1 px-5 py-9 outline-none sm:py-12">
        {children}
      </main>
    </div>
  );
}
