import { useForm, type SubmissionResult } from "@conform-to/react";
import { getZodConstraint, parseWithZod } from "@conform-to/zod/v4";
import { Form, useNavigation } from "@remix-run/react";
import { MIN_PASSWORD_LENGTH, signInSchema, signUpSchema } from "#app/core/account.ts";
import { Button } from "#app/components/ui/button.tsx";
import { FormErrors } from "#app/components/ui/field.tsx";
import { TextField } from "#app/components/ui/text-field.tsx";

export interface AccountFormProps {
  /** `new` asks for a password to be, `known` for one that is. */
  password: "new" | "known";
  submitLabel: string;
  lastResult: SubmissionResult | undefined;
}

/** AccountForm asks for an address and a password. */
export function AccountForm({ password, submitLabel, lastResult }: AccountFormProps) {
  const schema = password === "new" ? signUpSchema : signInSchema;
  const navigation = useNavigation();
  const [form, fields] = useForm({
    lastResult: lastResult ?? null,
    constraint: getZodConstraint(schema),
    onValidate: ({ formData }) => parseWithZod(formData, { schema }),
    shouldRevalidate: "onInput",
  });
  const isBusy = navigation.formMethod !== undefined;
  return (
    <Form method="post" id={form.id} onSubmit={form.onSubmit} noValidate={form.noValidate} className="space-y-4">
      <FormErrors errors={form.errors} />
      <TextField label="E-mail" field={fields.email} type="email" autoComplete="username" required />
      <TextField
        label="Password"
        field={fields.password}
        {...(password === "new" ? { hint: `At least ${MIN_PASSWORD_LENGTH} characters.` } : {})}
        type="password"
        autoComplete={password === "new" ? "new-password" : "current-password"}
        required
      />
      <Button type="submit" tone="primary" className="w-full" disabled={isBusy}>
        {isBusy ? "One moment…" : submitLabel}
      </Button>
    </Form>
  );
}
