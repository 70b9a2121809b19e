import { Link } from "@remix-run/react";
import { Check } from "lucide-react";
import { DropdownMenu as Primitive } from "radix-ui";
import type { ReactNode } from "react";

const ITEM =
  "flex w-full cursor-pointer items-center gap-2 rounded px-2.5 py-1.5 text-sm outline-none select-none data-disabled:opacity-50 data-highlighted:bg-sunken";

export interface MenuProps {
  trigger: ReactNode;
  align?: "start" | "end";
  children: ReactNode;
}

/** Menu opens a list of choices under its trigger. */
export function Menu({ trigger, align = "end", children }: MenuProps) {
  return (
    <Primitive.Root modal={false}>
      <Primitive.Trigger asChild>{trigger}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-h-[70dvh] min-w-48 overflow-y-auto rounded-lg border border-border bg-raised p-1 shadow-lg"
        >
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** MenuItem does something. */
export function MenuItem({ onSelect, children }: { onSelect: () => void; children: ReactNode }) {
  return (
    <Primitive.Item className={ITEM} onSelect={onSelect}>
      {children}
    </Primitive.Item>
  );
}

/** MenuLink leads to a page. */
export function MenuLink({
  to,
  isCurrent = false,
  children,
}: {
  to: string;
  isCurrent?: boolean;
  children: ReactNode;
}) {
  return (
    <Primitive.Item asChild>
      <Link to={to} className={ITEM} aria-current={isCurrent ? "page" : undefined}>
        <span className="min-w-0 flex-1 truncate">{children}</span>
        {isCurrent && <Check className="size-4 text-accent" aria-hidden="true" />}
      </Link>
    </Primitive.Item>
  );
}

/** MenuChoice is one of several values of which one is chosen. */
export function MenuChoices<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: Value;
  choices: readonly { value: Value; label: string }[];
  onChange: (value: Value) => void;
}) {
  return (
    <>
      <MenuLabel>{label}</MenuLabel>
      <Primitive.RadioGroup value={value} onValueChange={(next) => onChange(next as Value)}>
        {choices.map((choice) => (
          <Primitive.RadioItem key={choice.value} value={choice.value} className={ITEM}>
            <span className="flex-1">{choice.label}</span>
            <Primitive.ItemIndicator>
              <Check className="size-4 text-accent" aria-hidden="true" />
            </Primitive.ItemIndicator>
          </Primitive.RadioItem>
        ))}
      </Primitive.RadioGroup>
    </>
  );
}

/** MenuLabel names the group below it. */
export function MenuLabel({ children }: { children: ReactNode }) {
  return <Primitive.Label className="px-2.5 pt-2 pb-1 text-xs font-medium text-muted">{children}</Primitive.Label>;
}

export function MenuSeparator() {
  return <Primitive.Separator className="my-1 h-px bg-border" />;
}
