/**
 * A seccomp filter for a program that has namespaces of its own: what reaches out, and the machinery to build or look into
 * other processes, namespaces and keyrings. A list of what is denied: the wall carries the promise, this closes what it leaves
 * open. Numbers from the kernel's tables for x86-64 and arm64; from 424 on both are the same.
 */

type Row = readonly [x64: number | null, arm64: number];

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const ERRNO = 0x0005_0000;
const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const EPERM = ERRNO | 1;
const ENOSYS = ERRNO | 38;
const EAFNOSUPPORT = ERRNO | 97;

/** A ring does any call past a filter; `clone3` hides its flags from one, and libraries fall back to `clone`. */
const ABSENT: readonly Row[] = [
  [425, 425],
  [426, 426],
  [427, 427],
  [435, 435],
];
const DENIED: readonly Row[] = [
  // ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_getfd, process_madvise
  [101, 117],
  [310, 270],
  [311, 271],
  [312, 272],
  [438, 438],
  [440, 440],
  // keyctl, add_key, request_key
  [250, 219],
  [248, 217],
  [249, 218],
  // bpf, perf_event_open, userfaultfd
  [321, 280],
  [298, 241],
  [323, 282],
  // unshare, setns
  [272, 97],
  [308, 268],
  // mount, umount2, pivot_root, chroot, and the new calls for mounts
  [165, 40],
  [166, 39],
  [155, 41],
  [161, 51],
  [428, 428],
  [429, 429],
  [430, 430],
  [431, 431],
  [432, 432],
  [433, 433],
  [442, 442],
  // name_to_handle_at, open_by_handle_at
  [303, 264],
  [304, 265],
  // quotactl, acct, swapon, reboot, init_module, finit_module, delete_module, kexec_load, syslog
  [179, 60],
  [163, 89],
  [167, 224],
  [169, 142],
  [175, 105],
  [313, 273],
  [176, 106],
  [246, 104],
  [103, 116],
  // settimeofday, clock_settime, clock_adjtime, adjtimex
  [164, 170],
  [227, 112],
  [305, 266],
  [159, 171],
];
const SOCKET: Row = [41, 198];
const CLONE: Row = [56, 220];
const MEMFD_CREATE: Row = [319, 279];
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
const FIRST_ARGUMENT_AT = 16;

export interface FilterOptions {
  /** Families of sockets it may open; a pair of connected ones is always possible. */
  readonly families: readonly (keyof typeof FAMILIES)[];
  /** Whether it may run programs: without it, none from memory either. */
  readonly subprocess: boolean;
}

/** The program as the kernel takes it; undefined for a machine without a table. */
export function systemCallFilter(arch: string, options: FilterOptions): Uint8Array | undefined {
  if (arch !== "x64" && arch !== "arm64") return undefined;
  const column = arch === "x64" ? 0 : 1;
  const denied = [...DENIED, ...(options.subprocess ? [] : [MEMFD_CREATE])];
  const each = (rows: readonly Row[], verdict: number): Line[] =>
    rows.flatMap((row) => (row[column] === null ? [] : when(row[column], [answer(verdict)])));
  return assembled([
    load(ARCHITECTURE_AT),
    [JEQ, 1, 0, AUDIT_ARCH[arch]],
    answer(KILL_PROCESS),
    load(NUMBER_AT),
    // The second numbering of x86-64.
    ...(arch === "x64" ? ([[JGE, 0, 1, 0x4000_0000], answer(ENOSYS)] as Line[]) : []),
    ...each(ABSENT, ENOSYS),
    ...each(denied, EPERM),
    ...when(CLONE[column] ?? 0, [
      load(FIRST_ARGUMENT_AT),
      [JSET, 0, 1, NEW_NAMESPACES],
      answer(EPERM),
      answer(ALLOW),
    ]),
    ...when(SOCKET[column] ?? 0, [
      load(FIRST_ARGUMENT_AT),
      ...options.families.flatMap((name) => when(FAMILIES[name], [answer(ALLOW)])),
      answer(options.families.length === 0 ? EPERM : EAFNOSUPPORT),
    ]),
    answer(ALLOW),
  ]);
}

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
