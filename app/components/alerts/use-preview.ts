import { parseWithZod } from "@conform-to/zod/v4";
import { useFetcher } from "@remix-run/react";
import { useCallback, useEffect, useRef, type RefObject } from "react";
import type { AlertAnswer } from "#app/components/alerts/alert-form.tsx";
import type { PreviewedRule } from "#app/components/alerts/alert-preview.tsx";
import { alertPreviewFormSchema } from "#app/core/alert-forms.ts";

/** Typing goes on meanwhile. */
const QUIET_MS = 500;

export interface Preview {
  preview: PreviewedRule | null;
  /** Another one is on its way. */
  isStale: boolean;
  askSoon: () => void;
}

/** usePreview asks for the preview of a form's rule once it makes sense and nobody has typed for a moment. */
export function usePreview(form: RefObject<HTMLFormElement>, first: PreviewedRule | null): Preview {
  const fetcher = useFetcher<AlertAnswer>({ key: "alert preview" });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { submit } = fetcher;

  const askSoon = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (form.current === null) return;
      const asked = new FormData(form.current);
      if (parseWithZod(asked, { schema: alertPreviewFormSchema }).status !== "success") return;
      asked.set("intent", "preview");
      submit(asked, { method: "post" });
    }, QUIET_MS);
  }, [form, submit]);

  useEffect(() => {
    askSoon();
    return () => clearTimeout(timer.current);
  }, [askSoon]);

  const answer = fetcher.data as AlertAnswer | undefined;
  return { preview: answer?.preview ?? first, isStale: fetcher.state !== "idle", askSoon };
}
