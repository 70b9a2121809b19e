import type { ApiKey } from "#app/core/project.ts";
import { ConfirmForm } from "#app/components/settings/confirm-form.tsx";
import type { KeyAnswer } from "#app/components/settings/new-key-form.tsx";
import { useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import { NewKeyNotice } from "#app/components/shippers/new-key-notice.tsx";
import { Badge } from "#app/components/ui/badge.tsx";
import { EmptyState, Section } from "#app/components/ui/section.tsx";
import { useTimeText } from "#app/components/zone.ts";

/** KeyTable lists the keys, those that still work first. */
export function KeyTable({ keys, mayChange }: { keys: readonly ApiKey[]; mayChange: boolean }) {
  const working = keys.filter((key) => key.revokedAt === null);
  const revoked = keys.filter((key) => key.revokedAt !== null);
  return (
    <Section title="Keys">
      {keys.length === 0 ? (
        <EmptyState title="No keys">Without one nothing can send or read logs but people who are signed in.</EmptyState>
      ) : (
        <ul className="-my-5 divide-y divide-border">
          {[...working, ...revoked].map((key) => (
            <KeyRow key={key.id} apiKey={key} mayChange={mayChange} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function KeyRow({ apiKey, mayChange }: { apiKey: ApiKey; mayChange: boolean }) {
  const timeText = useTimeText();
  const { id, name, prefix, scopes, createdAt, expiresAt, lastUsedAt, revokedAt } = apiKey;
  return (
    <li className="py-4">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
            <span className="wrap-anywhere">{name}</span>
            <code className="font-mono text-xs font-normal text-muted">{prefix}…</code>
            {scopes.map((scope) => (
              <Badge key={scope}>{scope}</Badge>
            ))}
            {revokedAt !== null && <Badge tone="bad">revoked</Badge>}
          </p>
          <p className="mt-1 text-[0.8125rem] leading-5 text-muted">
            Made {timeText(createdAt)}
            {" · "}
            {lastUsedAt === null ? "never used" : `last used ${timeText(lastUsedAt)}`}
            {expiresAt !== null && ` · expires ${timeText(expiresAt)}`}
            {revokedAt !== null && ` · revoked ${timeText(revokedAt)}`}
          </p>
        </div>
        {mayChange && revokedAt === null && <KeyActions id={id} name={name} />}
      </div>
    </li>
  );
}

function KeyActions({ id, name }: { id: string; name: string }) {
  const rotation = useSettingsFetcher<KeyAnswer>("rotate", id);
  const revocation = useSettingsFetcher("revoke", id);
  const issued = rotation.isBusy || rotation.answer?.issued?.id !== id ? null : rotation.answer.issued;
  return (
    <>
      <div className="flex gap-2">
        <ConfirmForm
          fetcher={rotation.fetcher}
          fields={{ intent: "rotate", keyId: id }}
          label="Rotate"
          title={`Rotate ${name}?`}
          question="The key gets a new secret, and the present one is refused everywhere within 5 seconds."
          submitLabel="Rotate key"
          tone="primary"
        />
        <ConfirmForm
          fetcher={revocation.fetcher}
          fields={{ intent: "revoke", keyId: id }}
          label="Revoke"
          title={`Revoke ${name}?`}
          question="It is refused everywhere within 5 seconds, for good. Senders that use it get 401."
          submitLabel="Revoke key"
        />
      </div>
      {issued !== null && (
        <div className="w-full">
          <NewKeyNotice name={issued.name} apiKey={issued.key} />
        </div>
      )}
    </>
  );
}
