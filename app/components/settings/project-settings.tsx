import { useForm } from "@conform-to/react";
import { getZodConstraint, parseWithZod } from "@conform-to/zod/v4";
import type { Project } from "#app/core/project.ts";
import { projectFormSchema } from "#app/core/project-forms.ts";
import { ProjectFields } from "#app/components/settings/project-fields.tsx";
import { SaveButton, SettingsForm, useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import { Section } from "#app/components/ui/section.tsx";

/** ProjectSettings changes the name and the retention. */
export function ProjectSettings({ project, mayChange }: { project: Project; mayChange: boolean }) {
  const { fetcher, isBusy, isSaved, lastResult } = useSettingsFetcher("project");
  const [form, fields] = useForm({
    id: "project-settings",
    lastResult,
    defaultValue: { name: project.name, retentionDays: project.retentionDays },
    constraint: getZodConstraint(projectFormSchema),
    onValidate: ({ formData }) => parseWithZod(formData, { schema: projectFormSchema }),
    shouldRevalidate: "onInput",
  });
  return (
    <Section title="Project">
      <SettingsForm {...{ fetcher, form }} intent="project">
        <ProjectFields
          fields={fields}
          nameHint={`The address stays /p/${project.slug}.`}
          retentionHint="Counted from a line's time or its arrival, whichever is later. Older objects are deleted from the bucket."
          disabled={!mayChange}
        />
        {mayChange && <SaveButton isBusy={isBusy} isSaved={isSaved} />}
      </SettingsForm>
    </Section>
  );
}
