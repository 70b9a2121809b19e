import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { useFocusReturn } from "#app/components/ui/use-focus-return.ts";
import { buttonClass } from "#app/components/ui/button.tsx";

export interface SheetProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** Sheet covers a narrow screen with what stands beside the list on a wide one. */
export function Sheet({ title, isOpen, onClose, children }: SheetProps) {
  const focusReturn = useFocusReturn();
  return (
    <Primitive.Root open={isOpen} onOpenChange={(next) => next || onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Primitive.Content
          {...focusReturn}
          aria-describedby={undefined}
          className="fixed inset-x-0 bottom-0 z-50 flex h-[88dvh] flex-col rounded-t-2xl border-t border-border bg-raised shadow-xl outline-none"
        >
          <div className="flex shrink-0 items-center justify-between gap-3 border-b border-border py-2 pr-2 pl-4">
            <Primitive.Title className="text-sm font-semibold">{title}</Primitive.Title>
            <Primitive.Close className={buttonClass({ tone: "quiet", size: "small" }, "w-8 px-0!")}>
              <X className="size-4" aria-hidden="true" />
              <span className="sr-only">Close</span>
            </Primitive.Close>
          </div>
          <div className="flex min-h-0 flex-1 flex-col">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
