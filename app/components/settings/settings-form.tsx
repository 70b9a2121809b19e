import type { SubmissionResult } from "@conform-to/react";
import { useActionData, useFetcher, type FetcherWithComponents } from "@remix-run/react";
import type { FormEvent, ReactNode } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { FormErrors } from "#app/components/ui/field.tsx";

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

export interface SettingsFormProps {
  fetcher: FetcherWithComponents<unknown>;
  form: {
    id: string;
    onSubmit: (event: FormEvent<HTMLFormElement>) => void;
    noValidate: boolean;
    errors: string[] | undefined;
  };
  intent: string;
  children: ReactNode;
}

/** SettingsForm is one form of a page that has several. What is wrong with it as a whole stands first. */
export function SettingsForm({ fetcher, form, intent, children }: SettingsFormProps) {
  return (
    <fetcher.Form
      method="post"
      id={form.id}
      onSubmit={form.onSubmit}
      noValidate={form.noValidate}
      className="max-w-md space-y-4"
    >
      <input type="hidden" name="intent" value={intent} />
      <FormErrors errors={form.errors} />
      {children}
    </fetcher.Form>
  );
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
