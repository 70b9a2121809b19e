import { randomBytes } from "node:crypto";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AlertPreview } from "#app/server/alerts/preview-rule.ts";
import type { TestResult } from "#app/server/alerts/send-test.ts";
import { alertClient, type AlertClient } from "#tests/support/alert-client.ts";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { freePort } from "#tests/support/server.ts";
import { startWebhookReceiver, type WebhookReceiver } from "#tests/support/webhook-receiver.ts";

const SECRET = `whsec_${randomBytes(24).toString("base64")}`;
const RULE = { name: "errors", query: "level:error", window: "1m", condition: { op: ">", value: 5 } };

interface Mail {
  from: string;
  to: string[];
  text: string;
}

/** Of quoted-printable only what stands in the way here: lines that were cut. */
function unfold(text: string): string {
  return text.replaceAll("=\r\n", "");
}

let server: ApiServer;
let receiver: WebhookReceiver;
let project: TestProject;
let alerts: AlertClient;
let smtp: SMTPServer;
const mails: Mail[] = [];

beforeAll(async () => {
  const smtpPort = await freePort();
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        mails.push({
          from,
          to: rcptTo.map(({ address }) => address),
          text: unfold(Buffer.concat(chunks).toString("utf8")),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(smtpPort, "127.0.0.1", () => resolve()));
  receiver = await startWebhookReceiver();
  server = await startApiServer({
    env: {
      ALERT_INTERVAL_MS: "1000",
      ALERT_OFFSET_MS: "0",
      WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8",
      SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
      PUBLIC_URL: "https://logs.company.test",
    },
  });
  project = await server.api.createProject("alerts");
  alerts = alertClient(server.api, project.key);
});

afterAll(async () => {
  await server.close();
  await receiver.close();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

/** What a chat got. */
function textAt(path: string): string {
  return (JSON.parse(receiver.received(path)[0]?.text ?? "{}") as { text: string }).text;
}

async function post(path: string, body: object): Promise<{ status: number; problem: Record<string, unknown> }> {
  const answer = await server.api.call(path, { method: "POST", key: project.key, body: JSON.stringify(body) });
  return { status: answer.status, problem: (await answer.json()) as Record<string, unknown> };
}

describe("a rule", () => {
  test("is answered as it was sent, with what was left out, is changed in part, listed and deleted", async () => {
    const created = await alerts.create({ ...RULE, groupBy: "service", repeatEvery: "60m" });
    expect(created).toMatchObject({
      ...RULE,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      projectId: project.id,
      kind: "threshold",
      groupBy: "service",
      repeatEvery: "60m",
      forWindows: 1,
      notifyResolved: true,
      silencedUntil: null,
      enabled: true,
      notify: [],
      status: "ok",
      failure: null,
    });
    const silencedUntil = new Date(Date.now() + 3_600_000).toISOString();
    const changed = await alerts.change(created.id, { silencedUntil, name: "other" });
    expect(changed).toMatchObject({ ...RULE, name: "other", silencedUntil, groupBy: "service", repeatEvery: "60m" });
    expect((await alerts.change(created.id, { groupBy: null, repeatEvery: null })).groupBy).toBeNull();
    const list = (await (await server.api.call("/alerts", { key: project.key })).json()) as { alerts: object[] };
    expect(list.alerts).toContainEqual(expect.objectContaining({ id: created.id, name: "other" }));
    await alerts.remove(created.id);
    for (const path of [`/alerts/${created.id}`, `/alerts/${created.id}/events`, "/alerts/none"])
      expect([path, (await server.api.call(path, { key: project.key })).status]).toEqual([path, 404]);
  });

  test.each([
    [{ ...RULE, query: "level:(" }, "query"],
    [{ ...RULE, window: "soon" }, "window"],
    [{ ...RULE, condition: undefined }, "condition"],
    [{ ...RULE, notify: [{ type: "webhook", url: "https://h/", secret: "********" }] }, "notify.0.secret"],
    [{ ...RULE, notify: [{ type: "slack", url: "https://h/********" }] }, "notify.0.url"],
    [{ ...RULE, notify: [{ type: "webhook", url: "http://169.254.169.254/latest" }] }, "notify.0.url"],
    [{ ...RULE, notify: [{ type: "slack", url: "http://2852039166/" }] }, "notify.0.url"],
    [{ ...RULE, notify: [{ type: "webhook", url: "http://[::ffff:10.0.0.1]/" }] }, "notify.0.url"],
    [{ ...RULE, notify: [{ type: "webhook", url: "javascript:alert(1)" }] }, "notify.0.url"],
  ])("%j is a 422 that names %s", async (rule, field) => {
    const { status, problem } = await post("/alerts", rule);
    expect([status, problem["errors"]]).toEqual([422, [{ field, reason: expect.any(String) as string }]]);
    expect(problem["detail"]).toContain(field);
    if (field !== "notify.0.secret" && !field.startsWith("notify")) {
      expect((await post("/alerts/preview", rule)).status).toBe(422);
    }
  });

  test("without SMTP_URL cannot send mail, and says so when it is made", async () => {
    const other = await startApiServer();
    try {
      const { key } = await other.api.createProject("no mail");
      const body = JSON.stringify({ ...RULE, notify: [{ type: "email", to: ["a@b.example"] }] });
      const answer = await other.api.call("/alerts", { method: "POST", key, body });
      expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining("SMTP_URL")]);
    } finally {
      await other.close();
    }
  });
});

describe("a target's secret", () => {
  const slack = "https://hooks.slack.test/services/T000/B000/abcdefghijklmnop";

  test("comes back masked, is not in the database in clear, and stays when it is sent back masked", async () => {
    const notify = [
      { type: "webhook", url: `${receiver.url}/kept`, secret: SECRET },
      { type: "slack", url: slack },
    ];
    const created = await alerts.create({ ...RULE, notify });
    const [row] = await server.database.sql`select notify from alert_rules where id = ${created.id}`;
    const seen = [
      created,
      await alerts.get(created.id),
      await (await server.api.call("/alerts", { key: project.key })).json(),
      row,
    ];
    for (const text of seen.map((each) => JSON.stringify(each))) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain("abcdefghijklmnop");
    }
    expect(created.notify).toMatchObject([
      { type: "webhook", url: `${receiver.url}/kept`, secret: "********" },
      { type: "slack", url: "https://hooks.slack.test/services/T000/B000/********" },
    ]);
    await alerts.change(created.id, { notify: created.notify.slice(0, 1) });
    await sendTest(created.id);
    expect(receiver.received("/kept").at(-1)?.headers["webhook-signature"]).toMatch(/^v1,/);
    const unsigned = await alerts.change(created.id, { notify: [{ type: "webhook", url: `${receiver.url}/kept` }] });
    expect(unsigned.notify[0]).not.toHaveProperty("secret");
    await alerts.remove(created.id);
  });
});

async function sendTest(id: string): Promise<TestResult[]> {
  const { status, problem } = await post(`/alerts/${id}/test`, {});
  expect(status).toBe(200);
  return problem["results"] as TestResult[];
}

describe("a test", () => {
  test("goes to every target once, and the answer and the delivery log say what became of it", async () => {
    receiver.answer("/broken", [500]);
    receiver.answer("/moved", [302], { location: `${receiver.url}/elsewhere` });
    const webhook = (path: string) => ({ type: "webhook", url: receiver.url + path });
    const { id } = await alerts.create({
      ...RULE,
      notify: [
        webhook("/fine"),
        webhook("/broken"),
        webhook("/moved"),
        { type: "slack", url: `${receiver.url}/slack` },
        { type: "email", to: ["ops@company.test", "dev@company.test"] },
        { type: "webhook", url: "http://localhost.invalid/" },
      ],
    });
    const results = await sendTest(id);
    expect(results.map(({ state, status }) => [state, status])).toEqual([
      ["delivered", 200],
      ["failed", 500],
      ["failed", 302],
      ["delivered", 200],
      ["delivered", null],
      ["failed", null],
    ]);
    expect(receiver.received("/fine")[0]?.body).toMatchObject({ type: "alert.test", rule: "errors" });
    expect(receiver.received("/elsewhere")).toEqual([]);
    const slackText = textAt("/slack");
    expect(slackText).toContain("Test: errors");
    expect(slackText).toContain(`<https://logs.company.test/p/${project.slug}/logs?`);
    const { deliveries } = await alerts.get(id);
    expect(deliveries.map(({ state }) => state).sort()).toEqual(results.map(({ state }) => state).sort());
    expect(deliveries.every(({ eventId, attempts }) => eventId === null && attempts === 1)).toBe(true);
    const [mail] = mails.filter(({ text }) => text.includes("Subject: [Akavelog] Test: errors"));
    expect(mail).toMatchObject({ from: "akavelog@logs.company.test", to: ["ops@company.test", "dev@company.test"] });
    expect(mail?.text).toMatch(/Message-ID: <[0-9a-f-]{36}@logs\.company\.test>/);
  });
});

describe("a mail and a chat message", () => {
  test("say what happened, with some of the lines", async () => {
    const notify = [
      { type: "email", to: ["ops@company.test"] },
      { type: "slack", url: `${receiver.url}/chat` },
    ];
    await alerts.create({ ...RULE, name: "b<i>g", query: "service:chat", condition: { op: ">", value: 0 }, notify });
    await server.api.ingest(project.key, '{"service":"chat","level":"error","message":"<b>it & that\\nfailed</b>"}');
    await until("both are told", () => {
      return receiver.received("/chat").length > 0 && mails.some(({ text }) => text.includes("Firing"));
    });
    const text = textAt("/chat");
    expect(text).toContain("*Firing: b&lt;i&gt;g*");
    expect(text).toMatch(/> \S+ error chat: &lt;b&gt;it &amp; that failed&lt;\/b&gt;/);
    const mail = mails.find(({ text: sent }) => sent.includes("Firing"));
    expect(mail?.text).toContain("1 matches, condition > 0");
    expect(mail?.text).toContain("error chat: <b>it & that failed</b>");
  });
});

describe("a preview", () => {
  const MIN = 60_000;

  test("counts the windows of a day and says when it would have fired", async () => {
    const { key } = await server.api.createProject("preview");
    const nowMs = Math.floor(Date.now() / MIN) * MIN;
    const lines: object[] = [];
    const logAt = (minutesAgo: number, count: number, host: string) => {
      const timestamp = new Date(nowMs - minutesAgo * MIN + 1_000).toISOString();
      for (let i = 0; i < count; i++)
        lines.push({ timestamp, service: "shop", level: "error", message: `m${i}`, tags: { host } });
    };
    logAt(600, 8, "n1");
    logAt(599, 9, "n1");
    logAt(300, 3, "n2");
    logAt(30, 7, "n2");
    await server.api.commit(key, lines.map((line) => JSON.stringify(line)).join("\n"));
    const preview = async (rule: object) => {
      const answer = await server.api.call("/alerts/preview", { method: "POST", key, body: JSON.stringify(rule) });
      expect(answer.status).toBe(200);
      return (await answer.json()) as AlertPreview;
    };
    for (const query of ["level:error", "level:error message:/m/"]) {
      const whole = await preview({ query, window: "2m", condition: { op: ">", value: 5 } });
      expect([query, whole.complete, whole.stepMs, whole.firings]).toEqual([query, true, MIN, 2]);
      const counted = whole.groups[0]?.values.filter((value) => value > 0);
      expect([query, counted]).toEqual([query, [8, 17, 9, 3, 3, 7, 7]]);
      expect(whole.events.map(({ type }) => type)).toEqual(["firing", "resolved", "firing", "resolved"]);
      expect(Date.parse(whole.to) - Date.parse(whole.from)).toBe(86_400_000);
    }
    const grouped = await preview({ query: "", window: "1m", condition: { op: ">=", value: 7 }, groupBy: "host" });
    expect(grouped.groups.map(({ group }) => group)).toEqual(["n1", "n2"]);
    expect(grouped.events.map(({ type, group }) => [type, group])).toEqual([
      ["firing", "n1"],
      ["resolved", "n1"],
      ["firing", "n2"],
      ["resolved", "n2"],
    ]);
    const silent = await preview({ query: "service:nobody", kind: "absence", window: "5m" });
    expect([silent.firings, silent.groups[0]?.values.every((value) => value === 0)]).toEqual([1, true]);
  });
});
