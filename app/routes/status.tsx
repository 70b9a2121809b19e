import { useLoaderData, type MetaFunction } from "@remix-run/react";
import { data } from "@remix-run/server-runtime";
import { formatCount, formatDuration } from "#app/components/format.ts";
import { PageShell } from "#app/components/page-shell.tsx";
import { useTimeText } from "#app/components/zone.ts";
import { StatusBadge, type StatusTone } from "#app/components/status-badge.tsx";
import { page } from "#app/server/http/page.ts";

/** What everybody may know of this process: whether it works, and nothing of what it holds or where. */
export const loader = page(async ({ context }) => {
  const { ok, degraded } = context.runtime.ready();
  const canary = ok ? context.runtime.services().canary.figures : null;
  const status = {
    takesLogs: ok,
    storeWorks: !degraded.some((text) => text.startsWith("object store")),
    databaseWorks: !degraded.some((text) => text.startsWith("database")),
    canary: canary && {
      written: canary.written,
      missed: canary.missed,
      doubled: canary.doubled,
      failures: canary.failures,
      roundMs: canary.roundMs,
      foundAt: canary.foundAtMs === null ? null : new Date(canary.foundAtMs).toISOString(),
    },
  };
  return data(status, { headers: { "cache-control": "no-store" } });
});

export const meta: MetaFunction = () => [{ title: "Status - Akavelog" }];

export default function Status() {
  const { takesLogs, storeWorks, databaseWorks, canary } = useLoaderData<typeof loader>();
  return (
    <PageShell>
      <h1 className="text-2xl font-semibold tracking-tight">Status</h1>
      <p className="mt-1.5 text-sm leading-6 text-muted">Of the process that answered, since it started.</p>
      <dl className="mt-6 divide-y divide-border rounded-xl border border-border bg-raised">
        <Fact name="Taking logs" tone={takesLogs ? "good" : "bad"} value={takesLogs ? "Yes" : "No"} />
        <Fact
          name="Object store"
          tone={storeWorks ? "good" : "waiting"}
          value={storeWorks ? "Works" : "Away; logs wait on disk"}
        />
        <Fact
          name="Database"
          tone={databaseWorks ? "good" : "waiting"}
          value={databaseWorks ? "Works" : "Away; logs wait on disk"}
        />
        <Canary canary={canary} />
      </dl>
    </PageShell>
  );
}

function Fact({ name, tone, value, children }: { name: string; tone: StatusTone; value: string; children?: string }) {
  return (
    <div className="flex items-center justify-between gap-5 px-5 py-4">
      <dt className="min-w-0">
        {name}
        {children !== undefined && <span className="mt-0.5 block text-sm text-muted">{children}</span>}
      </dt>
      <dd className="shrink-0">
        <StatusBadge tone={tone}>{value}</StatusBadge>
      </dd>
    </div>
  );
}

function Canary({ canary }: { canary: ReturnType<typeof useLoaderData<typeof loader>>["canary"] }) {
  const timeText = useTimeText();
  const name = "What was acknowledged is found";
  if (canary === null) return <Fact name={name} tone="waiting" value="Not watched" />;
  const { written, missed, doubled, failures, roundMs, foundAt } = canary;
  const figures = [
    `${formatCount(written)} written`,
    `${formatCount(missed)} missed`,
    `${formatCount(doubled)} found twice`,
  ];
  const counts = `Test lines: ${figures.join(", ")}; failed rounds: ${formatCount(failures)}.`;
  if (missed + doubled > 0) {
    return (
      <Fact name={name} tone="bad" value="No">
        {counts}
      </Fact>
    );
  }
  if (foundAt === null) {
    return (
      <Fact name={name} tone="waiting" value={failures > 0 ? "Cannot be told" : "Not looked yet"}>
        {counts}
      </Fact>
    );
  }
  return (
    <Fact name={name} tone="good" value="Yes">
      {`${counts} All found at ${timeText(foundAt)}, within ${formatDuration(roundMs)} of sending.`}
    </Fact>
  );
}
