import { Field, Input } from "#app/components/ui/field.tsx";

interface TargetField {
  name: string;
  initialValue?: string | undefined;
  errors: string[] | undefined;
}

export interface TargetFieldsProps {
  fields: Record<"webhookUrl" | "webhookSecret" | "slackUrl" | "emailTo", TargetField>;
  canMail: boolean;
  /** The webhook's secret is stored, and stays when none is entered. */
  keepsSecret: boolean;
}

/** TargetFields is one field for each kind of channel. */
export function TargetFields({ fields, canMail, keepsSecret }: TargetFieldsProps) {
  const { webhookUrl, webhookSecret, slackUrl, emailTo } = fields;
  return (
    <>
      <Field label="Webhook address" errors={webhookUrl.errors}>
        {(control) => (
          <Input
            {...control}
            name={webhookUrl.name}
            defaultValue={webhookUrl.initialValue}
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
          />
        )}
      </Field>
      <Field
        label="Webhook secret"
        errors={webhookSecret.errors}
        hint={`Signs what is sent, as Standard Webhooks say. ${keepsSecret ? "Empty keeps the one that is stored." : "It is not shown again."}`}
      >
        {(control) => (
          <Input
            {...control}
            name={webhookSecret.name}
            type="password"
            autoComplete="new-password"
            spellCheck={false}
          />
        )}
      </Field>
      <Field
        label="Slack address"
        errors={slackUrl.errors}
        hint="An incoming webhook of Slack, Mattermost or the like."
      >
        {(control) => (
          <Input
            {...control}
            name={slackUrl.name}
            defaultValue={slackUrl.initialValue}
            inputMode="url"
            autoComplete="off"
            spellCheck={false}
          />
        )}
      </Field>
      <Field
        label="E-mail addresses"
        errors={emailTo.errors}
        hint={canMail ? "Several are separated by commas." : "This server has no SMTP_URL, so it cannot send mail."}
      >
        {(control) => (
          <Input
            {...control}
            name={emailTo.name}
            defaultValue={emailTo.initialValue}
            inputMode="email"
            autoComplete="off"
            disabled={!canMail}
          />
        )}
      </Field>
    </>
  );
}
