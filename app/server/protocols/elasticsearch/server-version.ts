/** What senders are told that name no version of their own. */
const DEFAULT_VERSION = "8.19.2";

const SENDER = /(?:beat|logstash|elastic[\w-]*)\/(\d{1,2}\.\d{1,3}\.\d{1,3})/i;

/** serverVersionFor echoes the sender's own version: Beats refuse a server that is older than they are. */
export function serverVersionFor(userAgent: string | undefined): string {
  return SENDER.exec(userAgent ?? "")?.[1] ?? DEFAULT_VERSION;
}
