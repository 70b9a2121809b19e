import { Link, type LinkProps } from "@remix-run/react";
import { forwardRef, type ButtonHTMLAttributes } from "react";

export type ButtonTone = "primary" | "secondary" | "quiet" | "danger";
export type ButtonSize = "small" | "medium";

const TONES: Record<ButtonTone, string> = {
  primary: "border-accent bg-accent text-accent-ink hover:brightness-110",
  secondary: "border-border-strong/60 bg-raised text-ink hover:border-border-strong hover:bg-sunken",
  quiet: "border-transparent bg-transparent text-muted hover:bg-sunken hover:text-ink",
  danger: "border-danger bg-danger text-danger-ink hover:brightness-110",
};

const SIZES: Record<ButtonSize, string> = {
  small: "h-8 gap-1.5 px-2.5 text-[0.8125rem]",
  medium: "h-9 gap-2 px-3.5 text-sm",
};

export interface ButtonLook {
  tone?: ButtonTone | undefined;
  size?: ButtonSize | undefined;
}

/** buttonClass is the look of a button for elements that are not one of those below. */
export function buttonClass({ tone = "secondary", size = "medium" }: ButtonLook, more = ""): string {
  return `inline-flex shrink-0 cursor-pointer items-center justify-center rounded-md border font-medium whitespace-nowrap transition-colors select-none disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55 ${TONES[tone]} ${SIZES[size]} ${more}`;
}

/** Button is a button; `type` is `button` unless said otherwise, so that none submits by mistake. */
export const Button = forwardRef<HTMLButtonElement, ButtonHTMLAttributes<HTMLButtonElement> & ButtonLook>(
  function Button({ tone, size, className, type = "button", ...rest }, ref) {
    return <button ref={ref} type={type} className={buttonClass({ tone, size }, className)} {...rest} />;
  },
);

/** ButtonLink leads to another page and looks like a button. */
export function ButtonLink({ tone, size, className, ...rest }: LinkProps & ButtonLook) {
  return <Link className={buttonClass({ tone, size }, className)} {...rest} />;
}
