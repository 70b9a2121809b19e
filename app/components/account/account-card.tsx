import type { ReactNode } from "react";
import { Mark } from "#app/components/mark.tsx";

export interface AccountCardProps {
  title: string;
  description?: ReactNode;
  children: ReactNode;
}

/** AccountCard is the frame of pages for people who are not signed in. */
export function AccountCard({ title, description, children }: AccountCardProps) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center px-5 py-10">
      <p className="flex items-center gap-2.5 text-lg font-semibold tracking-tight">
        <Mark />
        Akavelog
      </p>
      <div className="mt-5 rounded-xl border border-border bg-raised p-6 sm:p-7">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        {description !== undefined && <p className="mt-1.5 text-sm leading-6 text-muted">{description}</p>}
        <div className="mt-5">{children}</div>
      </div>
    </main>
  );
}
