/**
 * A seccomp filter for a program that has namespaces of its own: what reaches out, and the machinery to build or look into
 * other processes, namespaces and keyrings. A list of what is denied: the wall carries the promise, this closes what it leaves
 * open. In the watched form the first process of the namespace is asked instead, which denies the same and tells of it; it is
 * asked too about calls that the kernel may deny, and leaves these to the kernel.
 */
import {
  ATTRIBUTE_REQUESTS,
  type Call,
  CLONE,
  CLONE3,
  IOCTL,
  MACHINERY,
  MAKES,
  MEMFD_CREATE,
  OF_ADDRESSES,
  OF_PROCESS,
  OF_RIGHTS,
  OPENS,
  PRLIMIT,
  PROGRAMS,
  RINGS,
  SENDTO,
  SOCKET,
  TERMINAL_REQUESTS,
  WRITES,
} from "./system-calls.ts";

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
type Machine = keyof typeof AUDIT_ARCH;
const ERRNO = 0x0005_0000;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const ASK = 0x7fc0_0000;
const NUMBERS = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;

/** Every namespace a clone can make. */
const NEW_NAMESPACES = 0x7e02_0000;
const FAMILIES = { unix: 1, inet: 2, inet6: 10 } as const;

const LD = 0x20;
const JEQ = 0x15;
const JGE = 0x35;
const JSET = 0x45;
const RET = 0x06;
type Line = readonly [code: number, yes: number, no: number, value: number];
const load = (offset: number): Line => [LD, 0, 0, offset];
const answer = (value: number): Line => [RET, 0, 0, value];
/** Does the lines when the loaded number is this one. */
const when = (value: number, lines: readonly Line[]): Line[] => [[JEQ, 0, lines.length, value], ...lines];
const NUMBER_AT = 0;
const ARCHITECTURE_AT = 4;
/** Of an argument the lower half: what is compared fits there. */
const argument = (index: number): Line => load(16 + 8 * index);
/** Where an argument, an address in memory, is given: either half of it. */
const whereGiven = (index: number, then: Line): Line[] => [
  argument(index),
  [JSET, 2, 0, 0xffff_ffff],
  load(20 + 8 * index),
  [JSET, 0, 1, 0xffff_ffff],
  then,
  answer(ALLOW),
];

export interface FilterOptions {
  /** Families of sockets it may open; a pair of connected ones is always possible. */
  readonly families: readonly (keyof typeof FAMILIES)[];
  /** Whether it may run programs: without it, none from memory either. */
  readonly subprocess: boolean;
  /** Whether its interpreter tries for rings by itself, as Node does for each loop: to be denied them is no event. */
  readonly tries_rings: boolean;
}

/** The program as the kernel takes it; empty for a machine without a table. */
export function systemCallFilter(arch: string, options: FilterOptions, is_watched = false): Uint8Array {
  if (!isMachine(arch)) return new Uint8Array();
  const { families, subprocess, tries_rings } = options;
  const deny = (code: keyof typeof NUMBERS): Line => answer(is_watched ? ASK : ERRNO | NUMBERS[code]);
  const on = (call: Call, lines: readonly Line[]): Line[] => {
    const number = call[arch === "x64" ? 1 : 2];
    return number === null ? [] : when(number, lines);
  };
  const isAny = (index: number, values: readonly number[]): Line[] => [
    argument(index),
    ...values.flatMap((value) => when(value, [deny("EPERM")])),
    answer(ALLOW),
  ];
  const hasBits = (index: number, bits: number, then: Line): Line[] => [
    argument(index),
    [JSET, 0, 1, bits],
    then,
    answer(ALLOW),
  ];
  const asked = [
    ...[
      ...OF_PROCESS,
      ...OF_RIGHTS,
      ...OPENS,
      ...WRITES,
      ...MAKES,
      ...(subprocess ? [] : PROGRAMS),
      ...(families.length === 0 ? [] : OF_ADDRESSES),
    ].flatMap(([name, x64, arm64]) => on([name, x64, arm64], [answer(ASK)])),
    ...on(PRLIMIT, whereGiven(2, answer(ASK))),
    ...(families.length === 0 ? [] : on([SENDTO[0], SENDTO[1], SENDTO[2]], whereGiven(4, answer(ASK)))),
  ];
  return assembled([
    load(ARCHITECTURE_AT),
    [JEQ, 1, 0, AUDIT_ARCH[arch]],
    answer(is_watched ? ASK : KILL_PROCESS),
    load(NUMBER_AT),
    // The second numbering of x86-64.
    ...(arch === "x64" ? ([[JGE, 0, 1, 0x4000_0000], deny("ENOSYS")] as Line[]) : []),
    ...on(CLONE3, [answer(ERRNO | NUMBERS.ENOSYS)]),
    ...RINGS.flatMap((call) => on(call, [tries_rings ? answer(ERRNO | NUMBERS.ENOSYS) : deny("ENOSYS")])),
    ...[...MACHINERY, ...(subprocess ? [] : [MEMFD_CREATE])].flatMap((call) => on(call, [deny("EPERM")])),
    ...on(CLONE, hasBits(0, NEW_NAMESPACES, deny("EPERM"))),
    ...on(SOCKET, [
      argument(0),
      ...families.flatMap((name) => when(FAMILIES[name], [answer(ALLOW)])),
      deny(families.length === 0 ? "EPERM" : "EAFNOSUPPORT"),
    ]),
    ...on(IOCTL, isAny(1, [...TERMINAL_REQUESTS, ...(is_watched ? ATTRIBUTE_REQUESTS : [])])),
    ...(is_watched ? asked : []),
    answer(ALLOW),
  ]);
}

/**
 * What the first process does when it is asked: a line a call, `number verb name …`. `deny RULE ERRNO` it denies; of all others
 * it says whether the kernel will.
 */
export function watchedCalls(arch: string, { families, subprocess }: FilterOptions): readonly string[] {
  if (!isMachine(arch)) return [];
  const line = ([name, x64, arm64]: Call, verb: string, ...more: (string | number)[]): string[] => {
    const number = arch === "x64" ? x64 : arm64;
    return number === null ? [] : [[number, verb, name, ...more].join(" ")];
  };
  const no_socket = families.length === 0 ? NUMBERS.EPERM : NUMBERS.EAFNOSUPPORT;
  return [
    ...RINGS.flatMap((call) => line(call, "deny", "system", NUMBERS.ENOSYS)),
    ...[...MACHINERY, CLONE].flatMap((call) => line(call, "deny", "system", NUMBERS.EPERM)),
    ...line(MEMFD_CREATE, "deny", "subprocess", NUMBERS.EPERM),
    ...line(SOCKET, "socket", no_socket),
    ...line(IOCTL, "request", ATTRIBUTE_REQUESTS.join(",")),
    ...OF_PROCESS.flatMap(([name, x64, arm64, at]) => line([name, x64, arm64], "process", at)),
    ...OF_RIGHTS.flatMap(([name, x64, arm64, rule]) => line([name, x64, arm64], rule)),
    ...line(PRLIMIT, "limit"),
    ...OPENS.flatMap(([name, x64, arm64, at, flags]) => line([name, x64, arm64], "open", at, flags)),
    ...WRITES.flatMap(([name, x64, arm64, at]) => line([name, x64, arm64], "write", at)),
    ...MAKES.flatMap(([name, x64, arm64, at, mode]) => line([name, x64, arm64], "node", at, mode)),
    ...(families.length === 0
      ? []
      : [...OF_ADDRESSES, SENDTO].flatMap(([name, x64, arm64, at]) => line([name, x64, arm64], "reach", at))),
    ...(subprocess
      ? []
      : PROGRAMS.flatMap(([name, x64, arm64, at]) => line([name, x64, arm64], "program", at))),
  ];
}

const isMachine = (arch: string): arch is Machine => Object.hasOwn(AUDIT_ARCH, arch);

function assembled(lines: readonly Line[]): Uint8Array {
  const bytes = Buffer.alloc(lines.length * 8);
  for (const [index, [code, yes, no, value]] of lines.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
