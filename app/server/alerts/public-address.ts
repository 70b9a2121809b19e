import { AkavelogError } from "#app/core/errors.ts";
import ipaddr from "ipaddr.js";

/** RefusedAddressError: nothing was dialled. */
export class RefusedAddressError extends AkavelogError {
  constructor(host: string) {
    super("REFUSED_ADDRESS", `cannot connect to ${host}: it is not an address of the public internet`);
  }
}

export type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

/** parseCidrs reads `10.0.0.0/8,fd00::/8`; null when one of them is none. */
export function parseCidrs(text: string): Cidr[] | null {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.every((name) => ipaddr.isValidCIDR(name)) ? names.map((name) => ipaddr.parseCIDR(name)) : null;
}

/** Of IPv6 only this is given out to the public internet; the rest embeds IPv4, is local, or is nobody's. */
const PUBLIC_IPV6 = ipaddr.parseCIDR("2000::/3");

/**
 * isAllowedAddress is true for an address of the public internet, and for those that the operator allows. IPv4 in IPv6's
 * clothes counts as the IPv4 address that it is.
 */
export function isAllowedAddress(text: string, allowed: readonly Cidr[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (allowed.some((cidr) => address.kind() === cidr[0].kind() && address.match(cidr))) return true;
  return address.range() === "unicast" && (address.kind() === "ipv4" || address.match(PUBLIC_IPV6));
}

/** literalHost is the address that a URL names itself, without DNS; null for a name. */
export function literalHost(url: URL): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(host) ? host : null;
}

/** refusalOfUrl says at once what the connect hook would say of it at every delivery; names are looked at then. */
export function refusalOfUrl(text: string, allowed: readonly Cidr[]): string | null {
  const url = new URL(text);
  const address = literalHost(url) ?? (/(^|\.)localhost\.?$/i.test(url.hostname) ? "127.0.0.1" : null);
  if (address === null || isAllowedAddress(address, allowed)) return null;
  return "leads to an address that is not public; the operator can allow it with WEBHOOK_ALLOW_CIDRS";
}
