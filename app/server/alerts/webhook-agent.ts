import { lookup } from "node:dns/promises";
import { Agent, buildConnector } from "undici";
import { isAllowedAddress, RefusedAddressError, type Cidr } from "#app/server/alerts/public-address.ts";

/** ResolveHost is every address of a name. */
export type ResolveHost = (host: string) => Promise<string[]>;

export interface WebhookAgentOptions {
  allowedCidrs: readonly Cidr[];
  timeoutMs: number;
  resolve?: ResolveHost;
  /** Makes the connection; `hostname` is an address that was checked. */
  dial?: buildConnector.connector;
}

/**
 * createWebhookAgent connects to addresses that were checked and to no others. A name is resolved once, here, and the
 * connection goes to the very address that was looked at, so a name that changes its mind in between gains nothing.
 * One address that must not be reached refuses the name as a whole.
 */
export function createWebhookAgent(options: WebhookAgentOptions): Agent {
  const { allowedCidrs, timeoutMs, resolve = resolveHost } = options;
  const dial = options.dial ?? buildConnector({ timeout: timeoutMs });

  async function checkedAddress(host: string): Promise<string> {
    const addresses = await resolve(host);
    const [first] = addresses;
    if (first === undefined || !addresses.every((address) => isAllowedAddress(address, allowedCidrs))) {
      throw new RefusedAddressError(host);
    }
    return first;
  }

  async function connect(target: buildConnector.Options, callback: buildConnector.Callback): Promise<void> {
    const host = target.hostname.replace(/^\[|\]$/g, "");
    let address: string;
    try {
      address = await checkedAddress(host);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    // TLS still asks for the name; for an address there is none to ask for.
    dial({ ...target, hostname: address, ...(address === host ? {} : { servername: host }) }, callback);
  }

  return new Agent({
    connect: (target, callback) => void connect(target, callback),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    // A later delivery resolves and checks again.
    pipelining: 0,
  });
}

/** Addresses resolve to themselves, in whatever form the system would have dialled them. */
async function resolveHost(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}
