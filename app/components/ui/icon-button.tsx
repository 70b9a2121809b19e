import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes } from "react";

export interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className"> {
  /** Read out, and shown when it is pointed at. */
  label: string;
  Icon: LucideIcon;
  size: "small" | "medium";
}

/** IconButton is a button inside a row of a list, for which there is no room for words. */
export function IconButton({ label, Icon, size, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`grid cursor-pointer place-items-center rounded text-muted hover:bg-raised hover:text-ink disabled:cursor-default disabled:opacity-40 ${size === "small" ? "size-6" : "size-7"}`}
      {...rest}
    >
      <Icon className="size-3.5" aria-hidden="true" />
    </button>
  );
}
