import { Popover as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { hasCoarsePointer } from "#app/components/coarse-pointer.ts";

export interface PopoverProps {
  trigger: ReactNode;
  /** Says what it holds. */
  label: string;
  align?: "start" | "end";
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  className?: string;
  children: ReactNode;
}

/** Popover holds controls under its trigger; a click beside it and Esc close it. */
export function Popover({
  trigger,
  label,
  align = "end",
  isOpen,
  onOpenChange,
  className = "",
  children,
}: PopoverProps) {
  return (
    <Primitive.Root
      {...(isOpen === undefined ? {} : { open: isOpen })}
      {...(onOpenChange === undefined ? {} : { onOpenChange })}
    >
      <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          aria-label={label}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          // A field in it that took the focus would bring the screen's keyboard up, over what was asked for.
          onOpenAutoFocus={(event) => hasCoarsePointer() && event.preventDefault()}
          className={`z-40 max-h-[var(--radix-popover-content-available-height)] overflow-y-auto rounded-lg border border-border bg-raised shadow-lg outline-none ${className}`}
        >
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** PopoverClose closes the popover it stands in when it is pressed. */
export const PopoverClose = Primitive.Close;
