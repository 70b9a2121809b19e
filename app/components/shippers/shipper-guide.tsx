import { useSettingsFetcher } from "#app/components/settings/settings-form.tsx";
import type { KeyAnswer } from "#app/components/settings/new-key-form.tsx";
import { NewKeyNotice } from "#app/components/shippers/new-key-notice.tsx";
import { SendFirstLine } from "#app/components/shippers/send-first-line.tsx";
import { Button } from "#app/components/ui/button.tsx";

export interface ShipperGuideProps {
  /** Where this server is reached. */
  origin: string;
  projectSlug: string;
  /** Owners may make the key that the snippets need. */
  mayMakeKey: boolean;
}

/** ShipperGuide shows how to send logs to a project whose keys have been shown already, and makes a new one for it. */
export function ShipperGuide({ origin, projectSlug, mayMakeKey }: ShipperGuideProps) {
  const { fetcher, isBusy, answer } = useSettingsFetcher<KeyAnswer>("new-key");
  const issued = answer?.issued ?? null;
  const newKey = mayMakeKey && (
    <fetcher.Form
      method="post"
      action={`/p/${projectSlug}/settings/shippers`}
      className="flex flex-wrap items-center gap-3"
    >
      <Button type="submit" disabled={isBusy}>
        New key for this snippet
      </Button>
      <p className="text-sm text-muted">Keys are shown once; a new one may only send.</p>
    </fetcher.Form>
  );
  return (
    <div className="space-y-5">
      {issued !== null && <NewKeyNotice name={issued.name} apiKey={issued.key} />}
      <SendFirstLine origin={origin} projectSlug={projectSlug} apiKey={issued?.key ?? null} newKey={newKey} />
    </div>
  );
}
