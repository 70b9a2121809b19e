import type { FieldMetadata } from "@conform-to/react";
import { Field, Input } from "#app/components/ui/field.tsx";

export interface ProjectFieldsProps {
  fields: { name: FieldMetadata<string>; retentionDays: FieldMetadata<number> };
  nameHint: string;
  retentionHint: string;
  disabled?: boolean;
}

/** ProjectFields are a project's name and retention, in the form that makes one and in the one that changes it. */
export function ProjectFields({ fields, nameHint, retentionHint, disabled = false }: ProjectFieldsProps) {
  const { name, retentionDays } = fields;
  return (
    <>
      <Field label="Name" errors={name.errors} hint={nameHint}>
        {(control) => (
          <Input
            {...control}
            name={name.name}
            defaultValue={name.initialValue}
            autoComplete="off"
            disabled={disabled}
            required
          />
        )}
      </Field>
      <Field label="Days to keep logs" errors={retentionDays.errors} hint={retentionHint}>
        {(control) => (
          <Input
            {...control}
            name={retentionDays.name}
            type="number"
            inputMode="numeric"
            defaultValue={retentionDays.initialValue}
            disabled={disabled}
            required
          />
        )}
      </Field>
    </>
  );
}
