import { useState, type ReactNode } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogClose } from "#app/components/ui/dialog.tsx";

export interface ConfirmButtonProps {
  label: string;
  title: string;
  /** What will happen. */
  question: string;
  /** The form that does it. */
  children: ReactNode;
}

/**
 * ConfirmButton asks before something that cannot be taken back. Without scripts there is no dialog, so it opens a
 * disclosure with the same form.
 */
export function ConfirmButton({ label, title, question, children }: ConfirmButtonProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <noscript>
        <details className="text-sm">
          <summary className="cursor-pointer">{label}</summary>
          <p className="my-2 max-w-xs text-muted">{question}</p>
          {children}
        </details>
      </noscript>
      <Dialog
        title={title}
        description={question}
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        trigger={<Button size="small">{label}</Button>}
      >
        {/* The form closes the dialog when it is sent; what comes of it stands on the page. */}
        <div className="flex justify-end gap-2" onSubmit={() => setIsOpen(false)}>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          {children}
        </div>
      </Dialog>
    </>
  );
}
