import { useSettingsFetcher, type SettingsAnswer } from "#app/components/settings/settings-form.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { ConfirmForm } from "#app/components/settings/confirm-form.tsx";
import { Field, Select } from "#app/components/ui/field.tsx";
import { Section } from "#app/components/ui/section.tsx";
import { SILENCES } from "#app/core/alert-silence.ts";

/** RuleAnswer is what an action on a rule says. */
export interface RuleAnswer extends SettingsAnswer {
  /** What became of a test at each target. */
  tests: readonly { target: string; state: "delivered" | "failed"; error: string | null }[];
}

export interface RuleActionsProps {
  name: string;
  isEnabled: boolean;
  isSilenced: boolean;
  hasTargets: boolean;
}

/** RuleActions silences, switches, tests and deletes a rule. */
export function RuleActions({ name, isEnabled, isSilenced, hasTargets }: RuleActionsProps) {
  const switching = useSettingsFetcher<RuleAnswer>("switch");
  const deletion = useSettingsFetcher<RuleAnswer>("delete");
  return (
    <Section title="Actions">
      <div className="space-y-5">
        <SilenceForm isSilenced={isSilenced} />
        {hasTargets && <TestForm />}
        <div className="flex flex-wrap gap-2 border-t border-border pt-5">
          <switching.fetcher.Form method="post">
            <input type="hidden" name="intent" value="switch" />
            <input type="hidden" name="enabled" value={String(!isEnabled)} />
            <Button type="submit" size="small" disabled={switching.isBusy}>
              {isEnabled ? "Disable" : "Enable"}
            </Button>
          </switching.fetcher.Form>
          <ConfirmForm
            fetcher={deletion.fetcher}
            fields={{ intent: "delete" }}
            label="Delete"
            title={`Delete ${name}?`}
            question="Its history and its delivery log go with it, and so does what is still to be sent."
            submitLabel="Delete alert"
          />
        </div>
      </div>
    </Section>
  );
}

function SilenceForm({ isSilenced }: { isSilenced: boolean }) {
  const { fetcher, isBusy } = useSettingsFetcher<RuleAnswer>("silence");
  if (isSilenced) {
    return (
      <fetcher.Form method="post">
        <input type="hidden" name="intent" value="silence" />
        <input type="hidden" name="length" value="none" />
        <Button type="submit" size="small" disabled={isBusy}>
          End the silence
        </Button>
      </fetcher.Form>
    );
  }
  return (
    <fetcher.Form method="post" className="flex items-end gap-2">
      <input type="hidden" name="intent" value="silence" />
      <div className="min-w-0 flex-1">
        <Field label="Silence for">
          {(control) => (
            <Select {...control} name="length" defaultValue="1h">
              {SILENCES.map(({ length, label }) => (
                <option key={length} value={length}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <Button type="submit" disabled={isBusy}>
        Silence
      </Button>
    </fetcher.Form>
  );
}

function TestForm() {
  const { fetcher, isBusy, answer } = useSettingsFetcher<RuleAnswer>("test");
  const tests = isBusy ? [] : (answer?.tests ?? []);
  return (
    <div className="border-t border-border pt-5">
      <fetcher.Form method="post">
        <input type="hidden" name="intent" value="test" />
        <Button type="submit" size="small" disabled={isBusy}>
          {isBusy ? "Sending…" : "Send test"}
        </Button>
      </fetcher.Form>
      <div role="status" className="mt-2 space-y-1 text-[0.8125rem] leading-5">
        {tests.map(({ target, state, error }) => (
          <p key={target} className={`wrap-anywhere ${state === "delivered" ? "text-accent" : "text-danger"}`}>
            {target}: {error ?? "delivered"}
          </p>
        ))}
      </div>
    </div>
  );
}
