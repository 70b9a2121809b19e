import { useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { deleteFormSchema } from "#app/core/project-forms.ts";
import { SettingsForm, useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { TextField } from "#app/components/ui/text-field.tsx";

/** DeleteProject asks for the name before it deletes. It is a form on the page, so that it works without scripts as well. */
export function DeleteProject({ name }: { name: string }) {
  const { fetcher, isBusy, lastResult } = useSettingsFetcher("delete");
  const schema = deleteFormSchema(name);
  const [form, fields] = useForm({
    id: "delete-project",
    lastResult,
    onValidate: ({ formData }) => parseWithZod(formData, { schema }),
  });
  return (
    <Section
      title="Delete this project"
      description="Its logs are hidden at once, its keys refused, and its objects deleted from the bucket. This cannot be undone."
    >
      <SettingsForm {...{ fetcher, form }} intent="delete">
        <TextField label={`Type ${name} to confirm`} field={fields.confirmation} required />
        <Button type="submit" tone="danger" disabled={isBusy}>
          Delete project
        </Button>
      </SettingsForm>
    </Section>
  );
}
