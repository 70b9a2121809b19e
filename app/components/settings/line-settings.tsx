import type { Project } from "#app/core/project.ts";
import { SaveButton, useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import { Checkbox } from "#app/components/ui/field.tsx";
import { Section } from "#app/components/ui/section.tsx";

/** LineSettings switches what happens to lines that are themselves JSON or logfmt. */
export function LineSettings({ project, mayChange }: { project: Project; mayChange: boolean }) {
  const { fetcher, isBusy, isSaved } = useSettingsFetcher("lines");
  return (
    <Section
      title="Lines with structure"
      description="Many shippers send the line of a structured logger as plain text."
    >
      <fetcher.Form method="post" className="space-y-4">
        <input type="hidden" name="intent" value="lines" />
        <Checkbox
          name="openLines"
          label="Open lines that are JSON or logfmt"
          hint="Their level, message and fields become those of the entry, so that they can be searched by name."
          defaultChecked={project.openLines}
          disabled={!mayChange}
        />
        <Checkbox
          name="keepRawLines"
          label="Keep the raw line as well"
          hint="In the tag raw; it costs as much storage again."
          defaultChecked={project.keepRawLines}
          disabled={!mayChange}
        />
        {mayChange && <SaveButton isBusy={isBusy} isSaved={isSaved} />}
      </fetcher.Form>
    </Section>
  );
}
