import { useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { MIN_PASSWORD_LENGTH, changePasswordSchema } from "#app/core/account.ts";
import { SaveButton, SettingsForm, useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { TextField } from "#app/components/ui/text-field.tsx";

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
      <SettingsForm {...{ fetcher, form }} intent="password">
        {/* Tells password managers whose password it is. */}
        <input type="email" value={email} autoComplete="username" readOnly hidden />
        <TextField
          label="Current password"
          field={fields.current}
          type="password"
          autoComplete="current-password"
          required
        />
        <TextField
          label="New password"
          field={fields.password}
          hint={`At least ${MIN_PASSWORD_LENGTH} characters.`}
          type="password"
          autoComplete="new-password"
          required
        />
        <SaveButton isBusy={isBusy} isSaved={isSaved}>
          Change password
        </SaveButton>
      </SettingsForm>
    </Section>
  );
}
