import type { ComponentProps } from "react";
import { Field, Input } from "#app/components/ui/field.tsx";

/** FormField is what the form knows of one of its fields. */
export interface FormField {
  name: string;
  initialValue?: string | undefined;
  errors?: string[] | undefined;
}

export interface TextFieldProps extends Omit<ComponentProps<typeof Input>, "name" | "defaultValue"> {
  label: string;
  field: FormField;
  hint?: string;
}

/**
 * TextField is a labelled field of a form for short text. Browsers neither fill it in nor correct it unless told, and
 * what was entered as a password is not written into the page again.
 */
export function TextField({ label, field, hint, ...input }: TextFieldProps) {
  return (
    <Field label={label} errors={field.errors} hint={hint}>
      {(control) => (
        <Input
          autoComplete="off"
          spellCheck={false}
          {...input}
          {...control}
          name={field.name}
          defaultValue={input.type === "password" ? undefined : field.initialValue}
        />
      )}
    </Field>
  );
}
