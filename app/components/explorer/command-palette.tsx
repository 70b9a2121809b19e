import { Command } from "cmdk";
import { Dialog as Primitive } from "radix-ui";
import { useFocusReturn } from "#app/components/ui/use-focus-return.ts";

/** PaletteCommand is something the palette can do. */
export interface PaletteCommand {
  group: string;
  label: string;
  /** The key that does the same. */
  keys?: string;
  run: () => void;
}

export interface CommandPaletteProps {
  /** They act on the page as it is when the palette is open. */
  getCommands: () => readonly PaletteCommand[];
  onClose: () => void;
}

/** CommandPalette finds every command by its name. It is there at once, since whoever opens it types on. */
export function CommandPalette({ getCommands, onClose }: CommandPaletteProps) {
  const focusReturn = useFocusReturn();
  const commands = getCommands();
  const groups = [...new Set(commands.map(({ group }) => group))];
  return (
    <Primitive.Root open onOpenChange={(isOpen) => isOpen || onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Primitive.Content
          {...focusReturn}
          aria-describedby={undefined}
          className="fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border border-border bg-raised shadow-xl outline-none"
        >
          <Primitive.Title className="sr-only">Commands</Primitive.Title>
          <Command label="Commands" loop>
            <Command.Input
              placeholder="What do you want to do?"
              className="h-12 w-full border-b border-border bg-transparent px-4 text-sm outline-none placeholder:text-muted"
            />
            <Command.List className="max-h-80 overflow-y-auto p-1.5">
              <Command.Empty className="px-3 py-6 text-center text-sm text-muted">No such command</Command.Empty>
              {groups.map((group) => (
                <Command.Group
                  key={group}
                  heading={group}
                  className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted"
                >
                  {commands
                    .filter((command) => command.group === group)
                    .map((command) => (
                      <Command.Item
                        key={command.label}
                        value={`${group} ${command.label}`}
                        onSelect={() => {
                          onClose();
                          command.run();
                        }}
                        className="flex cursor-pointer items-center gap-3 rounded-md px-2.5 py-2 text-sm data-[selected=true]:bg-accent-soft"
                      >
                        <span className="min-w-0 truncate">{command.label}</span>
                        {command.keys !== undefined && (
                          <kbd className="ml-auto shrink-0 rounded border border-border-strong/60 px-1.5 font-mono text-xs text-muted">
                            {command.keys}
                          </kbd>
                        )}
                      </Command.Item>
                    ))}
                </Command.Group>
              ))}
            </Command.List>
          </Command>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
