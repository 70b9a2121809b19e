import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import { createMailer, type Mailer } from "#app/server/alerts/send-mail.ts";

const MAIL = { id: "01", to: ["ada@example.org", "gone@example.org"], subject: "Alert", text: "Many errors" };

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

function mailerTo(server: Pick<Server, "address">, timeoutMs = 5_000): Mailer {
  const { port } = server.address() as AddressInfo;
  const mailer = createMailer({ smtpUrl: `smtp://127.0.0.1:${port}`, from: "Akavelog <logs@example.org>", timeoutMs });
  closers.push(mailer.close);
  return mailer;
}

/** Takes mail for whom `refusalOf` has nothing against; `taken` are the recipients of each. */
async function startMailServer(
  refusalOf: (address: string) => Error | null,
): Promise<{ server: Server; taken: string[][] }> {
  const taken: string[][] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo: ({ address }, _session, done) => done(refusalOf(address)),
    onData(stream, { envelope }, done) {
      stream.resume();
      stream.on("end", () => {
        taken.push(envelope.rcptTo.map(({ address }) => address));
        done();
      });
    },
  });
  smtp.listen(0, "127.0.0.1");
  await once(smtp.server, "listening");
  closers.push(() => smtp.close());
  return { server: smtp.server, taken };
}

/** Answers every command of a mail, each after a while. */
async function startSlowServer(answerAfterMs: number): Promise<{ server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    const say = (line: string) => setTimeout(() => socket.write(`${line}\r\n`), answerAfterMs);
    say("220 slow");
    socket.on("data", (data) => say(data.toString().startsWith("DATA") ? "354 go on" : "250 fine"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return { server, sockets };
}

test("a recipient that is refused is told of and tried again, and nobody else gets the mail twice", async () => {
  let isKnown = false;
  const { server, taken } = await startMailServer((address) =>
    address.startsWith("gone") && !isKnown ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null,
  );
  const { send } = mailerTo(server);
  await expect(send(MAIL)).rejects.toThrow(
    "cannot deliver notification: the mail server refused gone@example.org: 550 no such user",
  );
  await expect(send(MAIL)).rejects.toThrow(/no such user/);
  isKnown = true;
  await send(MAIL);
  expect(taken).toEqual([["ada@example.org"], ["gone@example.org"]]);
});

test("a server that answers slowly, and always just in time, does not hold a mail for longer than its time", async () => {
  const { server, sockets } = await startSlowServer(150);
  const { send } = mailerTo(server, 400);
  await expect(send(MAIL)).rejects.toThrow("the mail server took more than 0.4 s");
  // Else it would still take the mail, and the next try's as well.
  await expect.poll(() => sockets.size).toBe(0);
});

test("closing ends what is being sent", async () => {
  const { server } = await startSlowServer(60_000);
  const { send, close } = mailerTo(server, 60_000);
  const sending = send(MAIL);
  close();
  await expect(sending).rejects.toThrow();
});
