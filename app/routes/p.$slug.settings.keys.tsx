import { parseWithZod } from "@conform-to/zod/v4";
import { useLoaderData } from "@remix-run/react";
import { data } from "@remix-run/server-runtime";
import { KeyTable } from "#app/components/settings/key-table.tsx";
import { NewKeyForm } from "#app/components/settings/new-key-form.tsx";
import { keyFormSchema } from "#app/core/project-forms.ts";
import {
  createApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  type IssuedApiKey,
} from "#app/server/catalog/api-keys.ts";
import { page, pageProblem, requireProject } from "#app/server/http/page.ts";
import { formText, readForm } from "#app/server/http/read-form.ts";

const DAY_MS = 86_400_000;

export const loader = page(async (args) => {
  const { services, project, role } = await requireProject(args, "member");
  return { keys: await listApiKeys(services.database, project.id), mayChange: role === "owner" };
});

export const action = page(async (args) => {
  const { services, project, actor } = await requireProject(args, "owner");
  const form = await readForm(args.request);
  const keyId = formText(form, "keyId");
  const intent = formText(form, "intent");
  switch (intent) {
    case "create": {
      const submission = parseWithZod(form, { schema: keyFormSchema });
      if (submission.status !== "success") {
        return data({ intent, isSaved: false, result: submission.reply(), issued: null }, { status: 422 });
      }
      const { name, scopes, lifetimeDays } = submission.value;
      const expiresAt =
        lifetimeDays === "never"
          ? undefined
          : new Date(services.clock.nowMs() + Number(lifetimeDays) * DAY_MS).toISOString();
      const issued = await createApiKey(services.database, project.id, { name, scopes, expiresAt }, actor);
      return data({ intent, isSaved: true, result: submission.reply({ resetForm: true }), issued: shown(issued) });
    }
    case "rotate":
      return data({
        intent,
        isSaved: true,
        result: null,
        issued: shown(await rotateApiKey(services.database, project.id, keyId, actor)),
      });
    case "revoke":
      await revokeApiKey(services.database, project.id, keyId, actor);
      return data({ intent, isSaved: true, result: null, issued: null });
    default:
      throw pageProblem(400, "Not understood", "The form asked for nothing that is known here.");
  }
});

function shown(issued: IssuedApiKey | null) {
  if (issued === null) throw pageProblem(404, "Key not found", "The key or its project is gone.");
  return { id: issued.id, name: issued.name, key: issued.key };
}

export default function KeySettings() {
  const { keys, mayChange } = useLoaderData<typeof loader>();
  return (
    <div className="space-y-6">
      <KeyTable keys={keys} mayChange={mayChange} />
      {mayChange && <NewKeyForm />}
    </div>
  );
}
