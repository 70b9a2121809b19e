import type { SubmissionResult } from "@conform-to/react";
import { useActionData, useFetcher } from "@remix-run/react";
import { Button } from "#app/components/ui/button.tsx";

/** SettingsAnswer is what the action of a page with several forms says. */
export interface SettingsAnswer {
  /** Which form it answers. */
  intent: string;
  isSaved: boolean;
  result: SubmissionResult | null;
}

/**
 * useSettingsFetcher sends one form of a page that has several, so that its answer stays with it. Without scripts the whole
 * page is answered, and `intent` tells whose answer it is. `scope` tells forms of one intent apart, in a list.
 */
export function useSettingsFetcher<Answer extends SettingsAnswer = SettingsAnswer>(intent: string, scope = "") {
  const fetcher = useFetcher<Answer>({ key: `settings ${intent} ${scope}` });
  const pageAnswer = useActionData<Answer>() as Answer | undefined;
  const isBusy = fetcher.state !== "idle";
  const own = pageAnswer?.intent === intent ? pageAnswer : undefined;
  const answer = (fetcher.data as Answer | undefined) ?? own;
  return { fetcher, isBusy, answer, lastResult: answer?.result ?? null, isSaved: !isBusy && answer?.isSaved === true };
}

export interface SaveButtonProps {
  isBusy: boolean;
  isSaved: boolean;
  children?: string;
}

/** SaveButton sends a form, and says beside it that it was saved, also to those who only listen. */
export function SaveButton({ isBusy, isSaved, children = "Save" }: SaveButtonProps) {
  return (
    <div className="flex items-center gap-3">
      <Button type="submit" tone="primary" disabled={isBusy}>
        {children}
      </Button>
      <span role="status" className="text-sm text-accent">
        {isSaved ? "Saved" : ""}
      </span>
    </div>
  );
}
