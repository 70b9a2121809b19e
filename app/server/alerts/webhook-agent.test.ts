import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { request, type buildConnector } from "undici";
import { parseCidrs, refusalOfUrl, type Cidr, RefusedAddressError } from "#app/server/alerts/public-address.ts";
import { createWebhookAgent, type ResolveHost } from "#app/server/alerts/webhook-agent.ts";

const PRIVATE_V4 = [
  "127.0.0.1",
  "127.255.255.254",
  "10.0.0.1",
  "10.255.255.255",
  "172.16.0.1",
  "172.31.255.1",
  "192.168.0.1",
  "192.168.255.254",
  "169.254.169.254",
  "169.254.0.1",
  "100.64.0.1",
  "100.127.255.255",
  "0.0.0.0",
  "0.1.2.3",
  "192.0.0.8",
  "192.0.2.1",
  "198.18.0.1",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "239.255.255.250",
  "240.0.0.1",
  "255.255.255.255",
];
const PRIVATE_V6 = [
  "::1",
  "::",
  "fe80::1",
  "febf::1",
  "fec0::1",
  "fc00::1",
  "fd00:ec2::254",
  "ff02::1",
  "2001:db8::1",
  "100::1",
  "2001::1",
  "3fff::1",
  "5f00::1",
  "4000::1",
];
const PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "192.167.1.1", "[2606:4700::1111]"];

/** The ways in which the same IPv4 address can be written in a URL. */
function spellings(address: string): string[] {
  const bytes = address.split(".").map(Number);
  const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const hex = (value: number) => value.toString(16).padStart(4, "0");
  const halves = `${hex(number >>> 16)}:${hex(number & 0xffff)}`;
  return [
    address,
    String(number),
    `0x${number.toString(16)}`,
    bytes.map((byte) => `0${byte.toString(8)}`).join("."),
    bytes.map((byte) => `0x${byte.toString(16)}`).join("."),
    `[::ffff:${address}]`,
    `[::ffff:${halves}]`,
    `[::${halves}]`,
    `[64:ff9b::${halves}]`,
    `[2002:${halves}::1]`,
  ];
}

const HOSTILE = [...PRIVATE_V4.flatMap(spellings), ...PRIVATE_V6.map((address) => `[${address}]`)].map(
  (host) => `http://${host}/hook`,
);

interface Tried {
  dialled: string[];
  error: unknown;
}

/** Sends to a URL through an agent whose dialling only writes down where it would have gone. */
async function send(url: string, options: { allowed?: Cidr[]; resolve?: ResolveHost } = {}): Promise<Tried> {
  const dialled: string[] = [];
  const dial: buildConnector.connector = (target, callback) => {
    dialled.push(target.hostname);
    callback(new Error("dialled"), null);
  };
  const { allowed = [], resolve } = options;
  const agent = createWebhookAgent({
    allowedCidrs: allowed,
    timeoutMs: 1_000,
    dial,
    ...(resolve === undefined ? {} : { resolve }),
  });
  try {
    await request(url, { method: "POST", dispatcher: agent, body: "{}" });
    return { dialled, error: null };
  } catch (error) {
    return { dialled, error };
  } finally {
    await agent.destroy();
  }
}

describe("the connect hook", () => {
  test(`dials none of ${HOSTILE.length} hostile addresses`, async () => {
    expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
    for (const url of HOSTILE) {
      const { dialled, error } = await send(url);
      expect([url, dialled, error]).toEqual([url, [], expect.any(RefusedAddressError)]);
      expect([url, refusalOfUrl(url, [])]).toEqual([url, expect.stringContaining("not public")]);
    }
  });

  test.each(PUBLIC)("dials the public address %s", async (host) => {
    const { dialled } = await send(`https://${host}/hook`);
    expect(dialled).toEqual([host.replace(/^\[|\]$/g, "")]);
    expect(refusalOfUrl(`https://${host}/hook`, [])).toBeNull();
  });

  test("refuses a name that leads to a private address, also beside a public one", async () => {
    for (const addresses of [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:10.0.0.1"], ["8.8.8.8", "fe80::1"], []]) {
      const { dialled, error } = await send("http://inside.example/hook", { resolve: async () => addresses });
      expect([addresses, dialled, error]).toEqual([addresses, [], expect.any(RefusedAddressError)]);
    }
  });

  test("connects to the very address that it looked at, so that a name that changes its mind gains nothing", async () => {
    let asked = 0;
    const rebinding: ResolveHost = async () => [asked++ === 0 ? "8.8.8.8" : "127.0.0.1"];
    expect((await send("http://rebinding.example/hook", { resolve: rebinding })).dialled).toEqual(["8.8.8.8"]);
    expect(asked).toBe(1);
    expect((await send("http://rebinding.example/hook", { resolve: rebinding })).dialled).toEqual([]);
  });

  test("dials what the operator allows, in IPv6's clothes as well, and no neighbour of it", async () => {
    const allowed = parseCidrs("10.1.0.0/16, fd00::/8") ?? [];
    expect((await send("http://10.1.2.3/", { allowed })).dialled).toEqual(["10.1.2.3"]);
    expect((await send("http://[::ffff:10.1.2.3]/", { allowed })).dialled).toHaveLength(1);
    expect((await send("http://[fd00::7]/", { allowed })).dialled).toEqual(["fd00::7"]);
    expect((await send("http://10.2.0.1/", { allowed })).dialled).toEqual([]);
    expect((await send("http://[fc00::7]/", { allowed })).dialled).toEqual([]);
    expect(parseCidrs("10.0.0.0")).toBeNull();
  });

  test("a name of this machine is refused before it is stored", () => {
    for (const host of ["localhost", "LOCALHOST.", "a.localhost"])
      expect(refusalOfUrl(`http://${host}/`, [])).not.toBeNull();
    expect(refusalOfUrl("http://localhost/", parseCidrs("127.0.0.0/8") ?? [])).toBeNull();
  });
});

describe("a redirect", () => {
  let close: (() => void) | null = null;
  afterEach(() => close?.());

  test("is an answer like any other, and not followed", async () => {
    const asked: string[] = [];
    const server = createServer((incoming, response) => {
      asked.push(incoming.url ?? "");
      response.writeHead(307, { location: "/elsewhere" }).end();
    }).listen(0, "127.0.0.1");
    close = () => server.close();
    await once(server, "listening");
    const agent = createWebhookAgent({ allowedCidrs: parseCidrs("127.0.0.0/8") ?? [], timeoutMs: 1_000 });
    const { port } = server.address() as AddressInfo;
    const answer = await request(`http://127.0.0.1:${port}/hook`, { method: "POST", dispatcher: agent, body: "{}" });
    await answer.body.dump();
    await agent.destroy();
    expect([answer.statusCode, asked]).toEqual([307, ["/hook"]]);
  });
});
