import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { buttonClass } from "#app/components/ui/button.tsx";

export interface DialogProps {
  title: string;
  description?: ReactNode;
  /** The element that opens it; none when `isOpen` is controlled from elsewhere. */
  trigger?: ReactNode;
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  children: ReactNode;
}

/** Dialog asks for one thing above the page. Esc and a click beside it close it, and the focus returns to where it was. */
export function Dialog({ title, description, trigger, isOpen, onOpenChange, children }: DialogProps) {
  const control = {
    ...(isOpen === undefined ? {} : { open: isOpen }),
    ...(onOpenChange === undefined ? {} : { onOpenChange }),
  };
  return (
    <Primitive.Root {...control}>
      {trigger !== undefined && <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>}
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Primitive.Content
          className="fixed top-1/2 left-1/2 z-50 max-h-[90dvh] w-[calc(100vw-2rem)] max-w-lg -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-xl border border-border bg-raised p-5 shadow-xl outline-none sm:p-6"
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className="flex items-start justify-between gap-4">
            <Primitive.Title className="text-lg font-semibold tracking-tight">{title}</Primitive.Title>
            <Primitive.Close className={buttonClass({ tone: "quiet", size: "small" }, "-mt-1 -mr-2 w-8 px-0!")}>
              <X className="size-4" aria-hidden="true" />
              <span className="sr-only">Close</span>
            </Primitive.Close>
          </div>
          {description !== undefined && (
            <Primitive.Description asChild>
              <div className="mt-1.5 text-sm leading-6 text-muted">{description}</div>
            </Primitive.Description>
          )}
          <div className="mt-4">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** DialogClose closes the dialog it stands in when it is pressed. */
export const DialogClose = Primitive.Close;
