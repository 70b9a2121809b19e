import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { alertClient } from "#tests/support/alert-client.ts";
import { startApiServer } from "#tests/support/api-server.ts";

/** The process leaves by itself after 9.5 s, with whatever is unfinished. */
const LEFT_ALONE_MS = 9_000;

test("a webhook that is taken and not answered does not hold a stop back", async () => {
  let isCalled = false;
  const receiver = createServer((socket) => {
    isCalled = true;
    socket.on("error", () => undefined);
    socket.resume();
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const server = await startApiServer({
    env: { ALERT_INTERVAL_MS: "500", ALERT_OFFSET_MS: "0", WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" },
  });
  try {
    const { key } = await server.api.createProject("hung");
    await alertClient(server.api, key).create({
      name: "any",
      query: "m",
      window: "1s",
      condition: { op: ">", value: 0 },
      notify: [{ type: "webhook", url: `http://127.0.0.1:${port}/` }],
    });
    await expect
      .poll(async () => (await server.api.ingest(key, '{"message":"m"}'), isCalled), { timeout: 30_000 })
      .toBe(true);
    const stoppingAtMs = Date.now();
    expect(await server.process().stop()).toBe(0);
    expect(Date.now() - stoppingAtMs).toBeLessThan(LEFT_ALONE_MS);
    expect(server.process().output()).not.toContain("cannot stop in time");
  } finally {
    await server.close();
    receiver.close();
  }
});
