import type { Agent } from "undici";
import { AkavelogError } from "#app/core/errors.ts";
import { detailOf, headlineOf, webhookBody, type Notification } from "#app/server/alerts/notification.ts";
import type { SampleEntry } from "#app/server/alerts/sample-entries.ts";
import { signWebhook } from "#app/server/alerts/sign-webhook.ts";
import type { SendMail } from "#app/server/alerts/send-mail.ts";
import type { OpenTarget } from "#app/server/alerts/target-secrets.ts";

/** The whole of a delivery, from the name's resolution to the answer. */
export const DELIVERY_TIMEOUT_MS = 10_000;
/** Mail servers let strangers wait before they greet them, which keeps away those who send in bulk. */
export const MAIL_TIMEOUT_MS = 30_000;
/** Of an answer only its status counts; more than this of its body is not even received. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** A chat shows the beginnings of lines. */
const MAX_SHOWN_MESSAGE = 300;

/** DeliveryError: the receiver did not take it. `status` is what it answered, null when it did not answer. */
export class DeliveryError extends AkavelogError {
  readonly status: number | null;

  constructor(reason: string, status: number | null, options?: { cause?: unknown }) {
    super("DELIVERY", `cannot deliver notification: ${reason}`, options);
    this.status = status;
  }
}

export interface DeliveryOptions {
  agent: () => Promise<Agent>;
  /** Null when no SMTP server is configured. */
  sendMail: SendMail | null;
  nowMs: () => number;
}

/** deliverNotification sends it once; returns the status that it was answered with, null for mail. Throws DeliveryError and others. */
export async function deliverNotification(
  options: DeliveryOptions,
  target: OpenTarget,
  notification: Notification,
  sample: readonly SampleEntry[],
): Promise<number | null> {
  switch (target.type) {
    case "webhook": {
      const body = JSON.stringify(webhookBody(notification, sample));
      return await post(options, target.url, body, webhookHeaders(options, target.secret, notification.id, body));
    }
    case "slack":
      return await post(options, target.url, JSON.stringify({ text: slackText(notification, sample) }), {});
    case "email": {
      if (options.sendMail === null) throw new DeliveryError("SMTP_URL is not set", null);
      await options.sendMail({
        id: notification.id,
        to: target.to,
        subject: `[Akavelog] ${headlineOf(notification)}`,
        text: mailText(notification, sample),
      });
      return null;
    }
  }
}

function webhookHeaders(
  { nowMs }: DeliveryOptions,
  secret: string | null,
  id: string,
  body: string,
): Record<string, string> {
  const timestampS = Math.floor(nowMs() / 1000);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampS),
    ...(secret === null ? {} : { "webhook-signature": signWebhook(secret, id, timestampS, body) }),
  };
}

async function post(
  { agent }: DeliveryOptions,
  url: string,
  body: string,
  headers: Record<string, string>,
): Promise<number> {
  // Loaded with the first delivery: most servers never make one.
  const { request } = await import("undici");
  const answer = await request(url, {
    method: "POST",
    dispatcher: await agent(),
    body,
    headers: { "content-type": "application/json", "user-agent": "Akavelog", ...headers },
    signal: AbortSignal.timeout(DELIVERY_TIMEOUT_MS),
  });
  await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => undefined);
  const { statusCode } = answer;
  if (statusCode >= 300 && statusCode < 400) {
    throw new DeliveryError(`it answered ${statusCode}, and redirects are not followed`, statusCode);
  }
  if (statusCode >= 400) throw new DeliveryError(`it answered ${statusCode}`, statusCode);
  return statusCode;
}

function slackText(notification: Notification, sample: readonly SampleEntry[]): string {
  const lines = sample.map((entry) => `> ${escapeSlack(lineOf(entry))}`);
  return [
    `*${escapeSlack(headlineOf(notification))}*`,
    escapeSlack(detailOf(notification)),
    ...lines,
    `<${notification.url}|Open the logs>`,
  ].join("\n");
}

/** https://api.slack.com/reference/surfaces/formatting#escaping */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function mailText(notification: Notification, sample: readonly SampleEntry[]): string {
  const lines = sample.length === 0 ? [] : ["", ...sample.map(lineOf)];
  return [headlineOf(notification), detailOf(notification), ...lines, "", notification.url, ""].join("\n");
}

function lineOf({ timestamp, service, level, message }: SampleEntry): string {
  const oneLine = message.replace(/\s+/g, " ");
  const shown = oneLine.length > MAX_SHOWN_MESSAGE ? `${oneLine.slice(0, MAX_SHOWN_MESSAGE)}…` : oneLine;
  return `${timestamp} ${level} ${service}: ${shown}`;
}
