/** Whether the grants let a program reach a name, and which of its addresses. Pure. */
import { isAddress, isPublic } from "./address.ts";

export interface Target {
  /** Lower case, without the dot at the end or the brackets of an address. */
  readonly host: string;
  readonly port: number;
}

/** Where a grant names no port. */
const USUAL_PORTS = [80, 443];
const LOOPBACK_NAME = "localhost";

/** `host:port`, `[address]:port`; undefined for anything else. */
export function targetOf(authority: string, default_port?: number): Target | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  const host = (bracketed ?? plain)?.toLowerCase().replace(/\.$/, "");
  const port = digits === undefined ? default_port : Number(digits);
  if (host === undefined || host === "" || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

export function isGranted({ host, port }: Target, domains: readonly string[]): boolean {
  // Also `2130706433` and `0x7f.1`: a resolver takes them for addresses.
  const is_odd_number = /^(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+))*$/.test(host);
  return domains.some((domain) => {
    const [, name = domain, digits] = /^(.*?)(?::(\d+))?$/.exec(domain) ?? [];
    if (digits === undefined ? !USUAL_PORTS.includes(port) : Number(digits) !== port) return false;
    if (isAddress(host) || is_odd_number) return name === host;
    // The dot stays, so that `*.example.org` covers neither `example.org` nor `notexample.org`.
    return name.startsWith("*.") ? host.endsWith(name.slice(1)) && host.length >= name.length : name === host;
  });
}

/**
 * The address to connect to; undefined when there is none that may be. A name that leads inward is refused, whatever else it
 * leads to, unless the address itself is granted, or the name is that of the loopback device.
 */
export function addressFor(
  target: Target,
  addresses: readonly string[],
  domains: readonly string[],
): string | undefined {
  const [first] = addresses;
  const all_allowed = addresses.every(
    (address) =>
      isPublic(address) ||
      target.host === LOOPBACK_NAME ||
      isGranted({ host: address, port: target.port }, domains),
  );
  return all_allowed ? first : undefined;
}
