import { Search } from "lucide-react";

export interface SearchFieldProps {
  label: string;
  /** Shorter than the label, where what is searched can be seen. */
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  className?: string;
}

/** SearchField narrows a list to what has what is typed. */
export function SearchField({ label, placeholder = label, value, onChange, className = "" }: SearchFieldProps) {
  return (
    <label className={`relative block ${className}`}>
      <span className="sr-only">{label}</span>
      <Search className="absolute top-1.5 left-2 size-3.5 text-muted" aria-hidden="true" />
      <input
        value={value}
        autoComplete="off"
        spellCheck={false}
        maxLength={100}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
        placeholder={placeholder}
        className="h-7 w-full rounded border border-border-strong bg-raised pr-2 pl-7 text-xs placeholder:text-muted"
      />
    </label>
  );
}

/** hasText tells whether a text has what was typed, in any case. */
export function hasText(text: string, wanted: string): boolean {
  return text.toLowerCase().includes(wanted.trim().toLowerCase());
}
