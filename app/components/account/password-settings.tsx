import { useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { MIN_PASSWORD_LENGTH, changePasswordSchema } from "#app/core/account.ts";
import { SavedNote, useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Field, FormErrors, Input } from "#app/components/ui/field.tsx";
import { Section } from "#app/components/ui/section.tsx";

/** PasswordSettings changes the password. */
export function PasswordSettings({ email }: { email: string }) {
  const { fetcher, isBusy, isSaved, lastResult } = useSettingsFetcher("password");
  const [form, fields] = useForm({
    id: "password",
    lastResult,
    onValidate: ({ formData }) => parseWithZod(formData, { schema: changePasswordSchema }),
    shouldRevalidate: "onInput",
  });
  return (
    <Section title="Change password" description="Every other browser you are signed in with is signed out.">
      <fetcher.Form
        method="post"
        id={form.id}
        onSubmit={form.onSubmit}
        noValidate={form.noValidate}
        className="max-w-md space-y-4"
      >
        <input type="hidden" name="intent" value="password" />
        {/* Tells password managers whose password it is. */}
        <input type="email" value={email} autoComplete="username" readOnly hidden />
        <FormErrors errors={form.errors} />
        <Field label="Present password" errors={fields.current.errors}>
          {(control) => (
            <Input {...control} name={fields.current.name} type="password" autoComplete="current-password" required />
          )}
        </Field>
        <Field
          label="New password"
          errors={fields.password.errors}
          hint={`At least ${MIN_PASSWORD_LENGTH} characters.`}
        >
          {(control) => (
            <Input {...control} name={fields.password.name} type="password" autoComplete="new-password" required />
          )}
        </Field>
        <div className="flex items-center gap-3">
          <Button type="submit" tone="primary" disabled={isBusy}>
            Change password
          </Button>
          <SavedNote isSaved={isSaved} />
        </div>
      </fetcher.Form>
    </Section>
  );
}
