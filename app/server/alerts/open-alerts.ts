import type { Agent } from "undici";
import { AlertWorker } from "#app/server/alerts/alert-worker.ts";
import type { RuleContext } from "#app/server/alerts/alert-rules.ts";
import { DELIVERY_TIMEOUT_MS, MAIL_TIMEOUT_MS } from "#app/server/alerts/deliver-notification.ts";
import { DeliveryWorker } from "#app/server/alerts/delivery-worker.ts";
import { baseUrl } from "#app/server/alerts/log-link.ts";
import type { Mailer } from "#app/server/alerts/send-mail.ts";
import { TargetSecrets } from "#app/server/alerts/target-secrets.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import type { Env } from "#app/server/env.ts";
import type { Ingester } from "#app/server/ingest/ingester.ts";
import type { CountOptions } from "#app/server/search/count-matches.ts";
import type { SearchOptions } from "#app/server/search/search-page.ts";
import type { Clock } from "#app/server/system/clock.ts";
import type { Logger } from "#app/server/system/logger.ts";

/** Who does not answer must not hold a stop back: they are told again after the next start. */
const STOP_GRACE_MS = 2_000;

/** Alerts is what pages and the API use of them. */
export interface Alerts {
  /** What rules are checked and stored with at this moment. */
  ruleContext(): RuleContext;
  /** Where links in notifications lead. */
  baseUrl: string;
  worker: AlertWorker;
  deliveries: DeliveryWorker;
  stop(): Promise<void>;
}

export interface AlertsOptions {
  env: Env;
  sessionSecret: string;
  database: CatalogDatabase;
  ingester: Ingester;
  walId: string;
  search: SearchOptions & CountOptions;
  clock: Clock;
  logger: Logger;
}

/** openAlerts starts evaluating and delivering; it resolves once other processes know of this one. */
export async function openAlerts(options: AlertsOptions): Promise<Alerts> {
  const { env, database, ingester, walId, search, clock, logger } = options;
  const secrets = new TargetSecrets(options.sessionSecret);
  let agent: Promise<Agent> | null = null;
  const mailer = await openMailer(env);
  const links = baseUrl(env);
  const deliveries = new DeliveryWorker({
    database,
    walId,
    walIds: () => ingester.walIds,
    secrets,
    search,
    agent: () => (agent ??= openAgent(env)),
    sendMail: mailer?.send ?? null,
    baseUrl: links,
    clock,
    random: Math.random,
    logger,
  });
  const worker = new AlertWorker({
    database,
    walId,
    walIds: () => ingester.walIds,
    committedThroughMs: (nowMs) => ingester.committedThroughMs(nowMs),
    searchableThroughMs: (nowMs) => ingester.searchableThroughMs(nowMs),
    search,
    clock,
    logger,
    intervalMs: env.alerts.intervalMs,
    offsetMs: env.alerts.offsetMs,
    maxQueryMs: env.alerts.maxQueryMs,
    onNotified: () => deliveries.wake(),
  });
  await worker.start();
  deliveries.start();

  async function cutOff(): Promise<void> {
    mailer?.close();
    await (await agent)?.destroy();
  }
  return {
    ruleContext: () => ({
      database,
      secrets,
      allowedCidrs: env.alerts.webhookAllowCidrs,
      canMail: mailer !== null,
      intervalMs: env.alerts.intervalMs,
      nowMs: clock.nowMs(),
    }),
    baseUrl: links,
    worker,
    deliveries,
    async stop() {
      const cut = setTimeout(() => void cutOff(), STOP_GRACE_MS);
      await Promise.all([worker.stop(), deliveries.stop()]);
      clearTimeout(cut);
      await cutOff();
    },
  };
}

/** Made for the first delivery: most servers never make one, and the HTTP client would take 10 MB of each. */
async function openAgent({ alerts }: Env): Promise<Agent> {
  const { createWebhookAgent } = await import("#app/server/alerts/webhook-agent.ts");
  return createWebhookAgent({ allowedCidrs: alerts.webhookAllowCidrs, timeoutMs: DELIVERY_TIMEOUT_MS });
}

async function openMailer({ alerts }: Env): Promise<Mailer | null> {
  if (alerts.smtp === null) return null;
  const { createMailer } = await import("#app/server/alerts/send-mail.ts");
  return createMailer({ ...alerts.smtp, timeoutMs: MAIL_TIMEOUT_MS });
}
