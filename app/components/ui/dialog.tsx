import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { hasCoarsePointer } from "#app/components/coarse-pointer.ts";
import { useFocusReturn } from "#app/components/ui/use-focus-return.ts";
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

/**
 * Dialog asks for one thing above the page, with the focus in its first field. Esc and a click beside it close it, and the
 * focus returns to where it was.
 */
export function Dialog({ title, description, trigger, isOpen, onOpenChange, children }: DialogProps) {
  const control = {
    ...(isOpen === undefined ? {} : { open: isOpen }),
    ...(onOpenChange === undefined ? {} : { onOpenChange }),
  };
  const focusReturn = useFocusReturn();
  return (
    <Primitive.Root {...control}>
      {trigger !== undefined && <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>}
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Primitive.Content
          onOpenAutoFocus={(event) => {
            focusReturn.onOpenAutoFocus();
            focusField(event);
          }}
          {...(trigger === undefined ? { onCloseAutoFocus: focusReturn.onCloseAutoFocus } : {})}
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

function focusField(event: Event): void {
  if (hasCoarsePointer() || !(event.currentTarget instanceof Element)) return;
  const field = event.currentTarget.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea");
  if (field === null) return;
  event.preventDefault();
  field.focus();
}

/** DialogClose closes the dialog it stands in when it is pressed. */
export const DialogClose = Primitive.Close;
