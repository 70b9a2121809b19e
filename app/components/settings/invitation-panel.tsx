import { ROLES, type Invitation } from "#app/core/account.ts";
import { CodeBlock } from "#app/components/code-block.tsx";
import type { MembersAnswer } from "#app/components/settings/member-table.tsx";
import { useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Field, Select } from "#app/components/ui/field.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { useTimeText } from "#app/components/zone.ts";

/** InvitationPanel makes links that let people in, and lists those not used yet. */
export function InvitationPanel({ invitations }: { invitations: readonly Invitation[] }) {
  const timeText = useTimeText();
  const { fetcher, isBusy, answer } = useSettingsFetcher<MembersAnswer>("invite");
  const link = isBusy ? "" : (answer?.link ?? "");
  return (
    <Section
      title="Invite someone"
      description="Whoever opens the link joins with the role you choose. It works once, for seven days."
    >
      <fetcher.Form method="post" className="flex max-w-md flex-wrap items-end gap-2">
        <input type="hidden" name="intent" value="invite" />
        <div className="min-w-40 flex-1">
          <Field label="Role">
            {(control) => (
              <Select {...control} name="role" defaultValue="member">
                {ROLES.map((role) => (
                  <option key={role}>{role}</option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Button type="submit" tone="primary" disabled={isBusy}>
          Make a link
        </Button>
      </fetcher.Form>
      {link !== "" && (
        <div role="status" className="mt-5 rounded-lg border border-accent/40 bg-accent-soft p-4">
          <p className="mb-3 text-sm font-medium">Send this link on: it is not shown again.</p>
          <CodeBlock label="invitation link" code={link} />
        </div>
      )}
      {invitations.length > 0 && (
        <ul className="mt-5 divide-y divide-border border-t border-border">
          {invitations.map(({ id, role, createdAt, expiresAt }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-3 py-3 text-sm">
              <span>
                A link for a {role}, made {timeText(createdAt)}, works until {timeText(expiresAt)}
              </span>
              <fetcher.Form method="post">
                <input type="hidden" name="intent" value="withdraw" />
                <input type="hidden" name="invitationId" value={id} />
                <Button type="submit" size="small">
                  Withdraw
                </Button>
              </fetcher.Form>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
