import { DetailPanel, type DetailPanelProps } from "#app/components/explorer/detail-panel.tsx";
import { Sheet } from "#app/components/explorer/sheet.tsx";
import type { OpenRowControl } from "#app/components/explorer/use-open-row.ts";
import { Button } from "#app/components/ui/button.tsx";

export interface DetailFrameProps {
  isWide: boolean;
  control: OpenRowControl;
  panel: Omit<DetailPanelProps, "entry" | "isInSheet" | "onClose" | "onStep" | "onOpenEntry">;
}

/** DetailFrame puts the details beside the list, or over it where there is no room. */
export function DetailFrame({ isWide, control, panel }: DetailFrameProps) {
  const { entry, failure, close, step, openEntry } = control;
  const content =
    entry === null ? (
      <div className="p-4 text-sm leading-6 text-muted">
        {failure === null ? (
          "Looking for the line"
        ) : (
          <>
            <p role="alert">
              {failure.status === 404 ? "This line is not there; it may have expired." : failure.detail}
            </p>
            <Button size="small" className="mt-3" onClick={close}>
              Close
            </Button>
          </>
        )}
      </div>
    ) : (
      <DetailPanel {...panel} entry={entry} isInSheet={!isWide} onClose={close} onStep={step} onOpenEntry={openEntry} />
    );
  if (!isWide)
    return (
      <Sheet title="Line" isOpen onClose={close}>
        {content}
      </Sheet>
    );
  return (
    <aside
      aria-label="Details of the line"
      className="flex w-[min(30rem,45%)] shrink-0 flex-col border-l border-border bg-raised"
    >
      {content}
    </aside>
  );
}
