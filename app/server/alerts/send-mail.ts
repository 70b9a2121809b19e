import { createTransport } from "nodemailer";

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
  timeoutMs: number;
}

/** Mailer sends until it is closed. */
export interface Mailer {
  send: SendMail;
  close: () => void;
}

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
  return {
    async send({ id, to, subject, text }) {
      await transport.sendMail({ messageId: `<${id}@${domain}>`, to, subject, text });
    },
    close: () => transport.close(),
  };
}
