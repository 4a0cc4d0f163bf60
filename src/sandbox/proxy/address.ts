/** Which addresses belong to the world, and which to this machine or its neighbourhood. Pure. */

/** Blocks that no name may lead to unless the address itself is granted: IANA's special-purpose registries. */
const NOT_PUBLIC_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Four numbers as one; undefined for anything that is not written in the usual way. */
function ipv4(text: string): number | undefined {
  if (!/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const parts = text.split(".").map(Number);
  return parts.some((part) => part > 255) ? undefined : parts.reduce((all, part) => all * 256 + part, 0);
}

/** Eight groups; undefined when it is none. A zone is not read: it names a device of this machine. */
function ipv6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (!text.includes(":") || halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":").flatMap(groupsOf)));
  const all = groups.flat();
  if (all.some((group) => group === undefined)) return undefined;
  const [before = [], after = []] = groups;
  const gap = 8 - all.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  return [...before, ...Array.from({ length: gap }, () => 0), ...after].map((group) => group ?? 0);
}

function groupsOf(text: string): (number | undefined)[] {
  const embedded = ipv4(text);
  if (embedded !== undefined) return [Math.floor(embedded / 65536), embedded % 65536];
  return [/^[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : undefined];
}

export const isAddress = (text: string): boolean => ipv4(text) !== undefined || text.includes(":");

/** False for what cannot be read: it is not let through. */
export function isPublic(address: string): boolean {
  const four = ipv4(address);
  if (four !== undefined) return isPublicV4(four);
  const six = ipv6(address);
  return six !== undefined && isPublicV6(six);
}

function isPublicV6(six: readonly number[]): boolean {
  const [first = 0, second = 0, , , , sixth = 0, seventh = 0, eighth = 0] = six;
  const is_empty_to = (end: number): boolean => six.slice(0, end).every((group) => group === 0);
  // Addresses of version 4 in other clothes.
  if (is_empty_to(5) && sixth === 0xffff) return isPublicV4(seventh * 65536 + eighth);
  if (first === 0x64 && second === 0xff9b) return isPublicV4(seventh * 65536 + eighth);
  // Only 2000::/3 is given out, and of that not tunnels, documentation or benchmarks.
  if (first >> 13 !== 1 || first === 0x2002) return false;
  return !(first === 0x2001 && (second < 0x200 || second === 0xdb8)) && first !== 0x3fff;
}

function isPublicV4(address: number): boolean {
  return !NOT_PUBLIC_V4.some(([start, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor((ipv4(start) ?? 0) / size);
  });
}
