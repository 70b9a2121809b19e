import { useForm, type SubmissionResult } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { Form, useNavigation } from "@remix-run/react";
import { useRef } from "react";
import { AlertPreview, type PreviewedRule } from "#app/components/alerts/alert-preview.tsx";
import { TargetFields } from "#app/components/alerts/target-fields.tsx";
import { usePreview } from "#app/components/alerts/use-preview.ts";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Checkbox, Field, FormErrors, Select } from "#app/components/ui/field.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { TextField } from "#app/components/ui/text-field.tsx";
import { alertFormSchema } from "#app/core/alert-forms.ts";
import { CONDITION_OPERATORS } from "#app/core/alert-rule.ts";
import { operatorInWords } from "#app/core/alert-words.ts";

/** AlertAnswer is what sending the form says: what is wrong, or the preview that was asked for. */
export interface AlertAnswer {
  result: SubmissionResult | null;
  preview: PreviewedRule | null;
}

export interface AlertFormProps {
  /** What stands in the fields at first, by their names. */
  initial: Record<string, string>;
  /** The rule is there already, and may have a secret that is kept. */
  isEdit?: boolean;
  cancelTo: string;
  canMail: boolean;
  answer: AlertAnswer | undefined;
}

/** AlertForm makes or changes a rule, and shows what it would have done before it is saved. */
export function AlertForm({ initial, isEdit = false, cancelTo, canMail, answer }: AlertFormProps) {
  const formElement = useRef<HTMLFormElement>(null);
  const isBusy = useNavigation().state !== "idle";
  const [form, fields] = useForm({
    id: "alert",
    lastResult: answer?.result ?? null,
    defaultValue: initial,
    onValidate: ({ formData }) => parseWithZod(formData, { schema: alertFormSchema }),
    shouldValidate: "onBlur",
    shouldRevalidate: "onInput",
  });
  const { preview, isStale, askSoon } = usePreview(formElement, answer?.preview ?? null);
  const isAbsence = fields.kind.value === "absence";
  return (
    <Form
      method="post"
      ref={formElement}
      id={form.id}
      onSubmit={form.onSubmit}
      onInput={askSoon}
      noValidate={form.noValidate}
      className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]"
    >
      <div className="space-y-6">
        <FormErrors errors={form.errors} />
        <Section title="What to watch">
          <div className="space-y-4">
            <TextField label="Name" field={fields.name} required />
            <TextField
              label="Query"
              field={fields.query}
              hint="As in the log explorer; empty counts every line."
              className="font-mono"
            />
            <div className="grid gap-4 sm:grid-cols-2">
              <Field label="Fires when" errors={fields.kind.errors}>
                {(control) => (
                  <Select {...control} name={fields.kind.name} defaultValue={fields.kind.initialValue}>
                    <option value="threshold">matches are</option>
                    <option value="absence">nothing matches</option>
                  </Select>
                )}
              </Field>
              {!isAbsence && (
                <div className="grid grid-cols-[3fr_2fr] gap-2">
                  <Field label="Comparison" errors={fields.op.errors}>
                    {(control) => (
                      <Select {...control} name={fields.op.name} defaultValue={fields.op.initialValue}>
                        {CONDITION_OPERATORS.map((op) => (
                          <option key={op} value={op}>
                            {operatorInWords(op)}
                          </option>
                        ))}
                      </Select>
                    )}
                  </Field>
                  <TextField label="Matches" field={fields.value} inputMode="numeric" />
                </div>
              )}
            </div>
            <div className="grid gap-4 sm:grid-cols-2">
              <TextField label="Window" field={fields.window} hint="30s, 5m, 2h: the time that is counted over." />
              <TextField
                label="Windows in a row"
                field={fields.forWindows}
                hint="More than one keeps short peaks from firing."
                inputMode="numeric"
              />
            </div>
            <TextField
              label="Group by (optional)"
              field={fields.groupBy}
              hint="service, level or a tag: each value is watched by itself."
            />
          </div>
        </Section>
        <Section title="Whom to tell" description="Leave all empty to see it here only.">
          <div className="space-y-4">
            <TargetFields fields={fields} canMail={canMail} keepsSecret={isEdit} />
            <TextField
              label="Repeat every (optional)"
              field={fields.repeatEvery}
              hint="1h: told again as long as it fires; otherwise once."
            />
            <Checkbox
              name={fields.notifyResolved.name}
              label="Tell when it is over"
              defaultChecked={fields.notifyResolved.initialValue === "on"}
            />
          </div>
        </Section>
      </div>
      <div className="space-y-4 lg:sticky lg:top-6">
        <Section title="Preview" description="What it would have done over the last day.">
          <div aria-busy={isStale}>
            {preview === null ? (
              <p className="text-sm leading-6 text-muted">
                {isStale ? "Counting…" : "Fill in what to watch, and its course over the last day appears here."}
              </p>
            ) : (
              <AlertPreview preview={preview} />
            )}
          </div>
          <noscript>
            <Button type="submit" name="intent" value="preview" className="mt-4">
              Preview
            </Button>
          </noscript>
        </Section>
        <div className="flex justify-end gap-2">
          <ButtonLink to={cancelTo}>Cancel</ButtonLink>
          <Button type="submit" name="intent" value="save" tone="primary" disabled={isBusy}>
            {isEdit ? "Save alert" : "Create alert"}
          </Button>
        </div>
      </div>
    </Form>
  );
}
