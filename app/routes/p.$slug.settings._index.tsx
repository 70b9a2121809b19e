import type { SubmissionResult } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { useLoaderData } from "@remix-run/react";
import { data, redirect } from "@remix-run/server-runtime";
import { DeleteProject } from "#app/components/settings/delete-project.tsx";
import { LineSettings } from "#app/components/settings/line-settings.tsx";
import { ProjectSettings } from "#app/components/settings/project-settings.tsx";
import { deleteFormSchema, lineFormSchema, projectFormSchema } from "#app/core/project-forms.ts";
import { deleteProject, updateProject } from "#app/server/catalog/projects.ts";
import { page, pageProblem, requireProject } from "#app/server/http/page.ts";
import { formText, readForm } from "#app/server/http/read-form.ts";

export const loader = page(async (args) => {
  const { project, role } = await requireProject(args);
  return { project, role };
});

export const action = page(async (args) => {
  const { services, project, actor } = await requireProject(args, "owner");
  const form = await readForm(args.request);
  const intent = formText(form, "intent");
  switch (intent) {
    case "project": {
      const submission = parseWithZod(form, { schema: projectFormSchema });
      if (submission.status !== "success") return refused(intent, submission.reply());
      await updateProject(services.database, project.id, submission.value, actor);
      services.projectRecorder.wake();
      return data({ intent, isSaved: true, result: submission.reply() });
    }
    case "lines": {
      const submission = parseWithZod(form, { schema: lineFormSchema });
      if (submission.status !== "success") return refused(intent, submission.reply());
      await updateProject(services.database, project.id, submission.value, actor);
      services.projectRecorder.wake();
      return data({ intent, isSaved: true, result: submission.reply() });
    }
    case "delete": {
      const submission = parseWithZod(form, { schema: deleteFormSchema(project.name) });
      if (submission.status !== "success") return refused(intent, submission.reply());
      await deleteProject(services.database, project.id, actor);
      services.projectRecorder.wake();
      throw redirect("/");
    }
    default:
      throw pageProblem(400, "Not understood", "The form asked for nothing that is known here.");
  }
});

function refused(intent: string, result: SubmissionResult) {
  return data({ intent, isSaved: false, result }, { status: 422 });
}

export default function GeneralSettings() {
  const { project, role } = useLoaderData<typeof loader>();
  const mayChange = role === "owner";
  return (
    <div className="space-y-6">
      <ProjectSettings project={project} mayChange={mayChange} />
      <LineSettings project={project} mayChange={mayChange} />
      {mayChange && <DeleteProject name={project.name} />}
    </div>
  );
}
