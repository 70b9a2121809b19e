import { forwardRef, useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from "react";

const CONTROL =
  "w-full rounded-md border border-border-strong bg-raised px-3 text-sm text-ink placeholder:text-muted disabled:opacity-60 aria-invalid:border-danger";

/** What a control needs to be tied to its label, hint and errors. */
export interface ControlProps {
  id: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: true | undefined;
}

export interface FieldProps {
  label: string;
  hint?: ReactNode;
  errors?: readonly string[] | undefined;
  /** The label is read out, not shown. */
  isLabelHidden?: boolean;
  children: (control: ControlProps) => ReactNode;
}

/** Field puts a label, a hint and what is wrong around one control. */
export function Field({ label, hint, errors, isLabelHidden = false, children }: FieldProps) {
  const id = useId();
  const hasErrors = errors !== undefined && errors.length > 0;
  const describedBy = [hint === undefined ? "" : `${id}-hint`, hasErrors ? `${id}-errors` : ""].filter(Boolean);
  return (
    <div className="space-y-1.5">
      <label htmlFor={id} className={isLabelHidden ? "sr-only" : "block text-sm font-medium"}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": describedBy.length > 0 ? describedBy.join(" ") : undefined,
        "aria-invalid": hasErrors ? true : undefined,
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-[0.8125rem] leading-5 text-muted">
          {hint}
        </p>
      )}
      {hasErrors && <FieldErrors id={`${id}-errors`} errors={errors} />}
    </div>
  );
}

function FieldErrors({ id, errors }: { id: string; errors: readonly string[] }) {
  return (
    <div id={id} className="text-[0.8125rem] leading-5 text-danger">
      {errors.map((error) => (
        <p key={error}>{error}</p>
      ))}
    </div>
  );
}

/** FormErrors shows what is wrong with a form as a whole, where a screen reader says it at once. */
export function FormErrors({ errors }: { errors?: readonly string[] | undefined }) {
  if (errors === undefined || errors.length === 0) return null;
  return (
    <div role="alert" className="rounded-md border border-danger/40 bg-danger-soft px-3 py-2 text-sm text-danger">
      {errors.map((error) => (
        <p key={error}>{error}</p>
      ))}
    </div>
  );
}

/** Input is a text field in our look. */
export const Input = forwardRef<HTMLInputElement, InputHTMLAttributes<HTMLInputElement>>(function Input(
  { className = "", ...rest },
  ref,
) {
  return <input ref={ref} className={`h-9 ${CONTROL} ${className}`} {...rest} />;
});

/** Select is the browser's own list of choices in our look: it works by keyboard, on phones and without scripts. */
export const Select = forwardRef<HTMLSelectElement, SelectHTMLAttributes<HTMLSelectElement>>(function Select(
  { className = "", ...rest },
  ref,
) {
  return <select ref={ref} className={`h-9 cursor-pointer pr-8 ${CONTROL} ${className}`} {...rest} />;
});

export interface CheckboxProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
}

/** Checkbox is one choice of yes or no with its label beside it. */
export function Checkbox({ label, hint, className = "", ...rest }: CheckboxProps) {
  const id = useId();
  return (
    <div className={`flex gap-2.5 ${className}`}>
      <input
        id={id}
        type="checkbox"
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className="mt-0.5 size-4 shrink-0 cursor-pointer accent-accent"
        {...rest}
      />
      <div>
        <label htmlFor={id} className="block cursor-pointer text-sm font-medium">
          {label}
        </label>
        {hint !== undefined && (
          <p id={`${id}-hint`} className="mt-0.5 text-[0.8125rem] leading-5 text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
