import { ROLES, type Member } from "#app/core/account.ts";
import { ConfirmForm } from "#app/components/settings/confirm-form.tsx";
import { useSettingsFetcher, type SettingsAnswer } from "#app/components/settings/settings-form.tsx";
import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Field, FormErrors, Select } from "#app/components/ui/field.tsx";
import { EmptyState, Section } from "#app/components/ui/section.tsx";
import { useTimeText } from "#app/components/zone.ts";

/** MembersAnswer is what the members page's action says. */
export interface MembersAnswer extends SettingsAnswer {
  /** The link of an invitation that was just made, else empty. */
  link: string;
  /** Whom it was about, else empty. */
  userId: string;
}

const LAST_OWNER = "A project needs an owner: make somebody else one first.";

export interface MemberTableProps {
  members: readonly Member[];
  mayChange: boolean;
  ownId: string;
}

/** MemberTable lists the people of a project and changes what they may do. */
export function MemberTable({ members, mayChange, ownId }: MemberTableProps) {
  return (
    <Section
      title="Members"
      description="Viewers look, members also change alert rules, owners also manage keys, people and the project. Administrators of the installation own every project."
    >
      {members.length === 0 ? (
        <EmptyState title="No members">Only administrators of the installation see this project.</EmptyState>
      ) : (
        <ul className="-my-5 divide-y divide-border">
          {members.map((member) => (
            <MemberRow key={member.userId} member={member} mayChange={mayChange} isSelf={member.userId === ownId} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function MemberRow({ member, mayChange, isSelf }: { member: Member; mayChange: boolean; isSelf: boolean }) {
  const timeText = useTimeText();
  const { userId, email, role, joinedAt } = member;
  const change = useSettingsFetcher<MembersAnswer>("role", userId);
  const removal = useSettingsFetcher<MembersAnswer>("remove", userId);
  const isRefused = [change, removal].some(
    ({ isBusy, answer }) => !isBusy && answer?.userId === userId && !answer.isSaved,
  );
  return (
    <li className="py-4">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
            <span className="wrap-anywhere">{email}</span>
            {isSelf && <Badge>you</Badge>}
            {!mayChange && <Badge>{role}</Badge>}
          </p>
          <p className="mt-1 text-[0.8125rem] text-muted">Since {timeText(joinedAt)}</p>
        </div>
        {mayChange && (
          <div className="flex flex-wrap items-end gap-2">
            <change.fetcher.Form method="post" className="flex items-end gap-2">
              <input type="hidden" name="intent" value="role" />
              <input type="hidden" name="userId" value={userId} />
              <Field label={`Role of ${email}`} isLabelHidden>
                {(control) => (
                  // Remounted when the role is another one, which an uncontrolled field would not show.
                  <Select {...control} key={role} name="role" defaultValue={role} className="h-8!">
                    {ROLES.map((choice) => (
                      <option key={choice}>{choice}</option>
                    ))}
                  </Select>
                )}
              </Field>
              <Button type="submit" size="small" disabled={change.isBusy}>
                Change
              </Button>
            </change.fetcher.Form>
            <ConfirmForm
              fetcher={removal.fetcher}
              fields={{ intent: "remove", userId }}
              label="Remove"
              title={`Remove ${email}?`}
              question="They no longer see the project. Keys they made go on working."
              submitLabel="Remove member"
            />
          </div>
        )}
      </div>
      {isRefused && (
        <div className="mt-3">
          <FormErrors errors={[LAST_OWNER]} />
        </div>
      )}
    </li>
  );
}
