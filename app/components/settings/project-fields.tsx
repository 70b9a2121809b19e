import type { FieldMetadata } from "@conform-to/react";
import { TextField } from "#app/components/ui/text-field.tsx";

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
      <TextField label="Name" field={name} hint={nameHint} disabled={disabled} required />
      <TextField
        label="Days to keep logs"
        field={retentionDays}
        hint={retentionHint}
        type="number"
        inputMode="numeric"
        disabled={disabled}
        required
      />
    </>
  );
}
