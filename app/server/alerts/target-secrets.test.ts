import { expect, test } from "vitest";
import { MASK } from "#app/core/alert-target.ts";
import { maskTarget, SealedTargetError, TargetSecrets } from "#app/server/alerts/target-secrets.ts";
import type { StoredTarget } from "#app/server/catalog/alert-schema.ts";

const secrets = new TargetSecrets("a session secret of this test");
const SLACK = "https://hooks.slack.test/services/T0/B0/token";

function sealed(...args: Parameters<TargetSecrets["seal"]>): StoredTarget[] {
  const targets = secrets.seal(...args);
  if (!Array.isArray(targets)) throw new Error(`no ${targets.field} at ${targets.at}`);
  return targets;
}

test("what is sealed is read back, and stands nowhere in clear", () => {
  const stored = sealed(
    [
      { type: "webhook", url: "https://h.test/x", secret: "whsec_abcdefgh" },
      { type: "webhook", url: "https://h.test/y" },
      { type: "slack", url: SLACK },
      { type: "email", to: ["a@b.test"] },
    ],
    [],
  );
  expect(stored.map((target) => secrets.open(target))).toEqual([
    { type: "webhook", url: "https://h.test/x", secret: "whsec_abcdefgh" },
    { type: "webhook", url: "https://h.test/y", secret: null },
    { type: "slack", url: SLACK },
    { type: "email", to: ["a@b.test"] },
  ]);
  expect(JSON.stringify(stored)).not.toMatch(/abcdefgh|token/);
  expect(stored.map(maskTarget)).toMatchObject([
    { secret: MASK },
    {},
    { url: `https://hooks.slack.test/services/T0/B0/${MASK}` },
    { to: ["a@b.test"] },
  ]);
});

test("a masked secret keeps what is stored, by id or by address, and nothing of another target", () => {
  const [webhook, slack] = sealed(
    [
      { type: "webhook", url: "https://h.test/x", secret: "first secret" },
      { type: "slack", url: SLACK },
    ],
    [],
  ) as [StoredTarget, StoredTarget];
  const stored = [webhook, slack];
  const shown = stored.map(maskTarget) as Parameters<TargetSecrets["seal"]>[0];
  expect(sealed(shown, stored)).toEqual(stored);
  const moved = sealed([{ type: "webhook", id: webhook.id, url: "https://other.test/", secret: MASK }], stored);
  expect(secrets.open(moved[0] as StoredTarget)).toMatchObject({ url: "https://other.test/", secret: "first secret" });
  expect(sealed([{ type: "webhook", url: "https://h.test/x", secret: MASK }], stored)).toEqual([webhook]);
  expect(secrets.seal([{ type: "webhook", url: "https://new.test/", secret: MASK }], stored)).toEqual({
    at: 0,
    field: "secret",
  });
  expect(secrets.seal([{ type: "slack", url: `https://new.test/${MASK}` }], stored)).toEqual({ at: 0, field: "url" });
});

test("another SESSION_SECRET, a changed byte and another target's secret do not open", () => {
  const [webhook, other] = sealed(
    [
      { type: "webhook", url: "https://h.test/x", secret: "first secret" },
      { type: "webhook", url: "https://h.test/y", secret: "second secret" },
    ],
    [],
  ) as [Extract<StoredTarget, { type: "webhook" }>, Extract<StoredTarget, { type: "webhook" }>];
  expect(() => new TargetSecrets("another session secret").open(webhook)).toThrow(SealedTargetError);
  const text = webhook.sealed as string;
  const changed = text.slice(0, -2) + (text.endsWith("AA") ? "BB" : "AA");
  expect(() => secrets.open({ ...webhook, sealed: changed })).toThrow(SealedTargetError);
  expect(() => secrets.open({ ...webhook, sealed: other.sealed })).toThrow(SealedTargetError);
});
