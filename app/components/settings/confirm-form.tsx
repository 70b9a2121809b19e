import type { FetcherWithComponents } from "@remix-run/react";
import { Button } from "#app/components/ui/button.tsx";
import { ConfirmButton } from "#app/components/ui/confirm-button.tsx";

export interface ConfirmFormProps {
  fetcher: FetcherWithComponents<unknown>;
  /** What is sent; `intent` tells the action what to do. */
  fields: Readonly<Record<string, string>>;
  label: string;
  title: string;
  /** What will happen. */
  question: string;
  submitLabel: string;
  tone?: "primary" | "danger";
}

/** ConfirmForm is a button that asks before it sends. */
export function ConfirmForm({
  fetcher,
  fields,
  label,
  title,
  question,
  submitLabel,
  tone = "danger",
}: ConfirmFormProps) {
  return (
    <ConfirmButton label={label} title={title} question={question}>
      <fetcher.Form method="post">
        {Object.entries(fields).map(([name, value]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        <Button type="submit" tone={tone}>
          {submitLabel}
        </Button>
      </fetcher.Form>
    </ConfirmButton>
  );
}
