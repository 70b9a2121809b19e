import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alertClient, type AlertClient } from "#tests/support/alert-client.ts";
import { until, type TestProject } from "#tests/support/api-client.ts";
import { startApiServer, type ApiServer } from "#tests/support/api-server.ts";
import { startWebhookReceiver, type WebhookReceiver } from "#tests/support/webhook-receiver.ts";

const INTERVAL_MS = 500;
const SECRET = `whsec_${randomBytes(24).toString("base64")}`;

let server: ApiServer;
let receiver: WebhookReceiver;
let project: TestProject;
let alerts: AlertClient;

beforeAll(async () => {
  server = await startApiServer({
    env: { ALERT_INTERVAL_MS: String(INTERVAL_MS), ALERT_OFFSET_MS: "100", WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" },
  });
  receiver = await startWebhookReceiver();
  project = await server.api.createProject("alerts");
  alerts = alertClient(server.api, project.key);
});

afterAll(async () => {
  await server.close();
  await receiver.close();
});

async function log(service: string, entry: object = {}, count = 1): Promise<void> {
  const line = JSON.stringify({ service, level: "error", message: `${service} failed`, ...entry });
  const answer = await server.api.ingest(project.key, Array.from({ length: count }, () => line).join("\n"));
  expect(answer.status).toBe(202);
}

/** Logs every now and then until it is told to stop. */
function keepLogging(service: string, entry: object = {}): () => Promise<void> {
  let isStopped = false;
  const logging = (async () => {
    while (!isStopped) {
      await log(service, entry);
      await sleep(200);
    }
  })();
  return async () => {
    isStopped = true;
    await logging;
  };
}

function ruleFor(name: string, rule: object = {}) {
  return {
    name,
    query: `service:${name}`,
    kind: "threshold",
    window: "1s",
    condition: { op: ">", value: 2 },
    notify: [{ type: "webhook", url: `${receiver.url}/${name}`, secret: SECRET }],
    ...rule,
  };
}

function typesAt(name: string): string[] {
  return receiver.received(`/${name}`).map(({ body }) => body.type.replace("alert.", ""));
}

async function untilTold(name: string, count: number, timeoutMs = 40_000): Promise<void> {
  await until(`${count} told at ${name}`, () => receiver.received(`/${name}`).length >= count, timeoutMs);
}

describe("a rule", () => {
  test.concurrent("of a threshold fires once and resolves; history, links and what was sent agree", async () => {
    const rule = await alerts.create(ruleFor("once"));
    await log("once", {}, 4);
    await untilTold("once", 2);
    await sleep(3 * INTERVAL_MS);
    expect(typesAt("once")).toEqual(["firing", "resolved"]);
    const events = await alerts.events(rule.id);
    expect(events.map(({ type, notified }) => [type, notified])).toEqual([
      ["firing", true],
      ["resolved", true],
    ]);
    for (const [i, { body }] of receiver.received("/once").entries()) {
      const { url, value, window, group } = events[i] as (typeof events)[number];
      expect(body).toMatchObject({ url, value, window, group, ruleId: rule.id, projectId: project.id });
    }
    const [fired] = receiver.received("/once");
    const link = new URL(fired?.body.url ?? "");
    expect(link.pathname).toBe(`/p/${project.slug}/logs`);
    const found = await server.api.query(project.key, Object.fromEntries(link.searchParams));
    expect(found.entries).toHaveLength(fired?.body.value ?? 0);
  });

  test.concurrent("sends what the contract says, signed as Standard Webhooks say", async () => {
    const rule = await alerts.create(ruleFor("signed", { condition: { op: ">=", value: 7 } }));
    await log("signed", {}, 7);
    await untilTold("signed", 2);
    const [firing, resolved] = receiver.received("/signed");
    for (const sent of [firing, resolved]) {
      const headers = sent?.headers as Record<string, string>;
      expect(new Webhook(SECRET).verify(sent?.text ?? "", headers)).toEqual(sent?.body);
      expect(() => new Webhook(SECRET).verify(`${sent?.text} `, headers)).toThrow();
    }
    expect(Object.keys(firing?.body ?? {})).toEqual([
      "type",
      "ruleId",
      "rule",
      "projectId",
      "group",
      "value",
      "condition",
      "window",
      "sample",
      "url",
    ]);
    expect(firing?.body).toMatchObject({
      type: "alert.firing",
      ruleId: rule.id,
      rule: "signed",
      group: null,
      value: 7,
      condition: { op: ">=", value: 7 },
    });
    expect(firing?.body.sample).toHaveLength(5);
    expect(firing?.body.sample[0]).toMatchObject({ service: "signed", message: "signed failed" });
    const window = firing?.body.window as { from: string; to: string };
    expect(Date.parse(window.to) % INTERVAL_MS).toBe(0);
    expect(Date.parse(window.to) - Date.parse(window.from)).toBe(1_000);
    expect(resolved?.body).toMatchObject({ type: "alert.resolved", value: 0, sample: [] });
    expect(firing?.headers["webhook-id"]).not.toBe(resolved?.headers["webhook-id"]);
  });

  test.concurrent("repeats as often as it is asked to", async () => {
    const rule = await alerts.create(ruleFor("again", { condition: { op: ">", value: 0 }, repeatEvery: "2s" }));
    const stop = keepLogging("again");
    await untilTold("again", 3);
    await stop();
    await untilTold("again", 4);
    expect(typesAt("again").slice(0, 3)).toEqual(["firing", "firing", "firing"]);
    expect(typesAt("again").at(-1)).toBe("resolved");
    const firings = (await alerts.events(rule.id)).filter(({ type }) => type === "firing");
    const ends = firings.map(({ window }) => Date.parse(window.to));
    for (let i = 1; i < ends.length; i++) expect((ends[i] ?? 0) - (ends[i - 1] ?? 0)).toBe(2_000);
    expect(firings.map(({ reason }) => reason).slice(0, 3)).toEqual(["began", "repeated", "repeated"]);
  });

  test.concurrent("of absence fires when a service falls silent, and says when it is back", async () => {
    await log("silent");
    const { condition: _, ...rule } = ruleFor("silent", { kind: "absence", window: "2s" });
    const { id, condition } = await alerts.create(rule);
    expect(condition).toEqual({ op: "<", value: 1 });
    const stop = keepLogging("silent");
    await sleep(2_500);
    expect(typesAt("silent")).toEqual([]);
    await stop();
    await untilTold("silent", 1);
    expect(receiver.received("/silent")[0]?.body).toMatchObject({ type: "alert.firing", value: 0, sample: [] });
    await log("silent");
    await untilTold("silent", 2);
    expect(typesAt("silent")).toEqual(["firing", "resolved"]);
    expect((await alerts.events(id)).map(({ type }) => type)).toEqual(["firing", "resolved"]);
  });

  test.concurrent(
    "of absence with groups fires for the one that falls silent, also when it was there only before the rule",
    async () => {
      await log("hosts", { tags: { host: "gone" } });
      await sleep(2_000);
      const stops = ["n1", "n2"].map((host) => keepLogging("hosts", { tags: { host } }));
      await sleep(300);
      const { id } = await alerts.create(ruleFor("hosts", { kind: "absence", condition: undefined, groupBy: "host" }));
      await until("the old one is missed", () => receiver.received("/hosts").length > 0, 10_000);
      await stops[0]?.();
      await until("n1 is missed", () => receiver.received("/hosts").some(({ body }) => body.group === "n1"), 10_000);
      expect(receiver.received("/hosts").map(({ body }) => [body.type, body.group])).toEqual([
        ["alert.firing", "gone"],
        ["alert.firing", "n1"],
      ]);
      const { groups } = await alerts.get(id);
      expect(groups.map(({ group, status }) => [group, status])).toEqual([
        ["gone", "firing"],
        ["n1", "firing"],
        ["n2", "ok"],
      ]);
      await stops[1]?.();
      expect(new URL(receiver.received("/hosts")[1]?.body.url ?? "").searchParams.get("query")).toBe(
        "service:hosts host:n1",
      );
    },
  );

  test.concurrent("waits for as many windows in a row as it is asked to", async () => {
    const { id } = await alerts.create(ruleFor("row", { condition: { op: ">", value: 0 }, forWindows: 4 }));
    await log("row");
    // Two windows of a second have it in them, which is not enough.
    await sleep(2_000);
    expect(await alerts.events(id)).toEqual([]);
    const stop = keepLogging("row");
    await untilTold("row", 1);
    await stop();
    const { groups } = await alerts.get(id);
    expect(groups[0]).toMatchObject({ group: null });
  });

  test.concurrent("that is silenced tells nobody until the silence ends, and its history has it all", async () => {
    const silencedUntil = new Date(Date.now() + 4_000).toISOString();
    const { id } = await alerts.create(ruleFor("hush", { condition: { op: ">", value: 0 }, silencedUntil }));
    const stop = keepLogging("hush");
    await until("it fires", async () => (await alerts.events(id)).length > 0);
    expect((await alerts.get(id)).status).toBe("firing");
    expect(typesAt("hush")).toEqual([]);
    await untilTold("hush", 1);
    await stop();
    const events = await alerts.events(id);
    expect(events.slice(0, 2).map(({ reason, notified }) => [reason, notified])).toEqual([
      ["began", false],
      ["after silence", true],
    ]);
    expect(Date.parse(events[1]?.window.to ?? "")).toBeGreaterThanOrEqual(Date.parse(silencedUntil));
  });

  test.concurrent("that is disabled or deleted says nothing any more", async () => {
    const { id } = await alerts.create(ruleFor("off", { condition: { op: ">", value: 0 } }));
    const other = await alerts.create(ruleFor("deleted", { condition: { op: ">", value: 0 } }));
    expect(await alerts.change(id, { enabled: false })).toMatchObject({ enabled: false, status: "disabled" });
    await alerts.remove(other.id);
    await Promise.all([log("off"), log("deleted")]);
    await sleep(4 * INTERVAL_MS);
    expect([...typesAt("off"), ...typesAt("deleted")]).toEqual([]);
    expect((await server.api.call(`/alerts/${other.id}`, { key: project.key })).status).toBe(404);
    await alerts.change(id, { enabled: true });
    await log("off");
    await untilTold("off", 1);
  });

  test.concurrent("that looks into messages, which no count answers, fires as well", async () => {
    await alerts.create(
      ruleFor("words", { query: 'service:words "timed out" host:n1', condition: { op: ">=", value: 1 } }),
    );
    await log("words", { message: "it timed out", tags: { host: "n2" } });
    await log("words", { message: "it timed out", tags: { host: "n1" } });
    await untilTold("words", 1);
    expect(receiver.received("/words")[0]?.body).toMatchObject({ value: 1, type: "alert.firing" });
    expect(receiver.received("/words")[0]?.body.sample).toHaveLength(1);
  });

  test.concurrent("tells receivers that fail again, under the same id, and what was first is told first", async () => {
    receiver.answer("/flaky", [500, 503]);
    const { id } = await alerts.create(ruleFor("flaky"));
    await log("flaky", {}, 4);
    await untilTold("flaky", 4, 15_000);
    expect(typesAt("flaky")).toEqual(["firing", "firing", "firing", "resolved"]);
    const ids = receiver.received("/flaky").map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids.slice(0, 3)).size).toBe(1);
    expect(ids[3]).not.toBe(ids[0]);
    await until("all is settled", async () => {
      return (await alerts.get(id)).deliveries.every(({ state }) => state === "delivered");
    });
    const { deliveries } = await alerts.get(id);
    expect(deliveries.map(({ attempts }) => attempts)).toEqual([1, 3]);
  });
});
