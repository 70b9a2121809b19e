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

/** TextField is a labelled field of a form for short text that no browser should fill in or correct. */
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
          defaultValue={field.initialValue}
        />
      )}
    </Field>
  );
}
