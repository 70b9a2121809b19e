import { LRUCache } from "lru-cache";
import { createTransport } from "nodemailer";
import { DeliveryError } from "#app/server/alerts/deliver-notification.ts";

export interface Mail {
  /** Becomes the Message-ID, so that a mail sent twice is one mail to most readers. */
  id: string;
  to: string[];
  subject: string;
  text: string;
}

export type SendMail = (mail: Mail) => Promise<void>;

export interface MailerOptions {
  smtpUrl: string;
  from: string;
  /** For one mail, from the server's name to its last answer. */
  timeoutMs: number;
}

/** Mailer sends until it is closed. */
export interface Mailer {
  send: SendMail;
  close: () => void;
}

/** Mails of which a server took some recipients only; more than are ever tried again at the same time. */
const MAX_REMEMBERED = 1_000;

/** createMailer sends through the operator's SMTP server. `close` ends its connections. */
export function createMailer({ smtpUrl, from, timeoutMs }: MailerOptions): Mailer {
  const transport = createTransport(
    {
      url: smtpUrl,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  const domain = from.replace(/^.*@|>$/g, "") || "localhost";
  const closing = new AbortController();
  /** Who has a mail already whose other recipients were refused. */
  const served = new LRUCache<string, readonly string[]>({ max: MAX_REMEMBERED });

  /** A server may refuse some recipients and take the mail for the others: these must not get it again with each try. */
  async function send({ id, to, subject, text }: Mail): Promise<void> {
    const had = served.get(id) ?? [];
    const left = to.filter((address) => !had.includes(address));
    // Each answer may come just in time and all of them together too late.
    const timeout = AbortSignal.timeout(timeoutMs);
    const mail = { messageId: `<${id}@${domain}>`, to, subject, text, envelope: { from, to: left } };
    const { rejected, rejectedErrors } = await transport
      .sendMail({ ...mail, signal: AbortSignal.any([timeout, closing.signal]) })
      .catch((error: unknown) => {
        throw timeout.aborted
          ? new DeliveryError(`the mail server took more than ${timeoutMs / 1_000} s`, null)
          : error;
      });
    if (rejected.length === 0) {
      served.delete(id);
      return;
    }
    const refused = new Set(rejected.map(addressOf));
    served.set(id, [...had, ...left.filter((address) => !refused.has(address))]);
    const reason = rejectedErrors?.[0]?.response ?? "without a reason";
    throw new DeliveryError(`the mail server refused ${[...refused].join(", ")}: ${reason}`, null);
  }

  return {
    send,
    close() {
      closing.abort(new Error("the server stops"));
      transport.close();
    },
  };
}

function addressOf(recipient: string | { address: string }): string {
  return typeof recipient === "string" ? recipient : recipient.address;
}
