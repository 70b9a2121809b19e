import { useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { API_KEY_SCOPES, type ApiKeyScope } from "#app/core/project.ts";
import { KEY_LIFETIMES, keyFormSchema } from "#app/core/project-forms.ts";
import { SettingsForm, useSettingsFetcher, type SettingsAnswer } from "#app/components/settings/settings-form.tsx";
import { NewKeyNotice } from "#app/components/shippers/new-key-notice.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Checkbox, Field, FormErrors, Select } from "#app/components/ui/field.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { TextField } from "#app/components/ui/text-field.tsx";

/** KeyAnswer is what making or rotating a key says. */
export interface KeyAnswer extends SettingsAnswer {
  issued: { id: string; name: string; key: string } | null;
}

const SCOPE_HINTS: Record<ApiKeyScope, string> = {
  ingest: "Sends logs.",
  query: "Reads logs.",
  admin: "Changes alert rules.",
};

const LIFETIME_LABELS: Record<(typeof KEY_LIFETIMES)[number], string> = {
  never: "Never",
  "7": "In 7 days",
  "30": "In 30 days",
  "90": "In 90 days",
  "365": "In a year",
};

/** NewKeyForm makes a key and shows it once. */
export function NewKeyForm() {
  const { fetcher, isBusy, answer, lastResult } = useSettingsFetcher<KeyAnswer>("create");
  const [form, fields] = useForm({
    id: "new-key",
    lastResult,
    onValidate: ({ formData }) => parseWithZod(formData, { schema: keyFormSchema }),
    shouldRevalidate: "onInput",
  });
  const issued = isBusy ? null : (answer?.issued ?? null);
  return (
    <Section title="New key" description="Keys belong to the project and do only what they are for.">
      <SettingsForm {...{ fetcher, form }} intent="create">
        <TextField label="Name" field={fields.name} hint="Where it will be used: fluent-bit on web-1." required />
        <fieldset className="space-y-2.5">
          <legend className="mb-1.5 text-sm font-medium">May</legend>
          {API_KEY_SCOPES.map((scope) => (
            <Checkbox
              key={scope}
              name={fields.scopes.name}
              value={scope}
              label={scope}
              hint={SCOPE_HINTS[scope]}
              defaultChecked={scope === "ingest"}
            />
          ))}
          <FormErrors errors={fields.scopes.errors} />
        </fieldset>
        <Field label="Expires" errors={fields.lifetimeDays.errors}>
          {(control) => (
            <Select {...control} name={fields.lifetimeDays.name} defaultValue="never">
              {KEY_LIFETIMES.map((days) => (
                <option key={days} value={days}>
                  {LIFETIME_LABELS[days]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Button type="submit" tone="primary" disabled={isBusy}>
          Create key
        </Button>
      </SettingsForm>
      {issued !== null && (
        <div className="mt-5">
          <NewKeyNotice name={issued.name} apiKey={issued.key} />
        </div>
      )}
    </Section>
  );
}
