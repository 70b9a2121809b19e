import { Dialog } from "#app/components/ui/dialog.tsx";

const SHORTCUTS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "Write the query"],
  ["Enter", "Run it, or open the row"],
  ["j  k", "Next row, row before"],
  ["Esc", "Close the details, leave a field"],
  ["t", "Choose the time"],
  ["l", "Live on and off"],
  ["w", "Wrap lines"],
  ["Ctrl K", "All commands (Cmd K on a Mac)"],
  ["?", "This sheet"],
];

/** ShortcutSheet lists the keys. */
export function ShortcutSheet({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <Dialog title="Keyboard shortcuts" isOpen={isOpen} onOpenChange={onOpenChange}>
      <dl className="space-y-1.5">
        {SHORTCUTS.map(([keys, does]) => (
          <div key={keys} className="flex items-center gap-4 text-sm">
            <dt className="flex w-24 shrink-0 gap-1">
              {keys.split(/\s+/).map((key) => (
                <kbd
                  key={key}
                  className="min-w-7 rounded border border-border-strong/60 bg-sunken px-1.5 py-0.5 text-center font-mono text-xs"
                >
                  {key}
                </kbd>
              ))}
            </dt>
            <dd className="text-muted">{does}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
