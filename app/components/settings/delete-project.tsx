import { useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { deleteFormSchema } from "#app/core/project-forms.ts";
import { useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
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
      <fetcher.Form
        method="post"
        id={form.id}
        onSubmit={form.onSubmit}
        noValidate={form.noValidate}
        className="max-w-md space-y-4"
      >
        <input type="hidden" name="intent" value="delete" />
        <TextField label={`Type ${name} to confirm`} field={fields.confirmation} required />
        <Button type="submit" tone="danger" disabled={isBusy}>
          Delete project
        </Button>
      </fetcher.Form>
    </Section>
  );
}
