import { TextField, type FormField } from "#app/components/ui/text-field.tsx";

export interface TargetFieldsProps {
  fields: Record<"webhookUrl" | "webhookSecret" | "slackUrl" | "emailTo", FormField>;
  canMail: boolean;
  /** The webhook's secret is stored, and stays when none is entered. */
  keepsSecret: boolean;
}

/** TargetFields is one field for each kind of channel. */
export function TargetFields({ fields, canMail, keepsSecret }: TargetFieldsProps) {
  const { webhookUrl, webhookSecret, slackUrl, emailTo } = fields;
  return (
    <>
      <TextField label="Webhook address" field={webhookUrl} inputMode="url" />
      <TextField
        label="Webhook secret"
        field={webhookSecret}
        hint={`Signs what is sent, as Standard Webhooks say. ${keepsSecret ? "Empty keeps the one that is stored." : "It is not shown again."}`}
        type="password"
        autoComplete="new-password"
      />
      <TextField
        label="Slack address"
        field={slackUrl}
        hint="An incoming webhook of Slack, Mattermost or the like."
        inputMode="url"
      />
      <TextField
        label="E-mail addresses"
        field={emailTo}
        hint={canMail ? "Several are separated by commas." : "This server has no SMTP_URL, so it cannot send mail."}
        inputMode="email"
        disabled={!canMail}
      />
    </>
  );
}
