/** ExplorerSkeleton has the measures of the explorer, so that nothing jumps when that takes its place. */
export function ExplorerSkeleton() {
  return (
    <div className="flex min-h-0 flex-1 flex-col" aria-busy="true">
      <h1 className="sr-only">Logs</h1>
      <div className="flex shrink-0 flex-wrap gap-2 border-b border-border bg-raised px-3 py-2 sm:flex-nowrap sm:px-4">
        <div className="h-9.5 w-full min-w-0 rounded-md border border-border bg-raised sm:flex-1" />
        <div className="h-9 flex-1 rounded-md border border-border bg-raised sm:w-40 sm:flex-none" />
      </div>
      <div className="h-27 shrink-0 border-b border-border sm:h-29" />
      <div className="flex min-h-0 flex-1">
        <div className="hidden w-56 shrink-0 border-r border-border lg:block" />
        <p className="p-4 text-sm text-muted">
          Loading the explorer
          <noscript>. It needs JavaScript; everything else of Akavelog works without.</noscript>
        </p>
      </div>
    </div>
  );
}
