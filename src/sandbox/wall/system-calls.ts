/**
 * System calls by name, with their numbers from the kernel's tables for x86-64 and arm64; from 424 on both are the same. What
 * stands here is denied, or is told of when the kernel denies it.
 */

/** `null`: that machine has no such call. */
export type Call = readonly [name: string, x64: number | null, arm64: number | null];

/** A ring does any call past a filter. */
export const RINGS: readonly Call[] = [
  ["io_uring_setup", 425, 425],
  ["io_uring_enter", 426, 426],
  ["io_uring_register", 427, 427],
];
/** Hides its flags from a filter; libraries fall back to `clone`, again and again: no denial. */
export const CLONE3: Call = ["clone3", 435, 435];

/** The machinery to build or look into other processes, namespaces and keyrings, and what acts on the machine. */
export const MACHINERY: readonly Call[] = [
  ["ptrace", 101, 117],
  ["process_vm_readv", 310, 270],
  ["process_vm_writev", 311, 271],
  ["kcmp", 312, 272],
  ["pidfd_getfd", 438, 438],
  ["process_madvise", 440, 440],
  ["keyctl", 250, 219],
  ["add_key", 248, 217],
  ["request_key", 249, 218],
  ["bpf", 321, 280],
  ["perf_event_open", 298, 241],
  ["userfaultfd", 323, 282],
  ["unshare", 272, 97],
  ["setns", 308, 268],
  ["mount", 165, 40],
  ["umount2", 166, 39],
  ["pivot_root", 155, 41],
  ["chroot", 161, 51],
  ["open_tree", 428, 428],
  ["move_mount", 429, 429],
  ["fsopen", 430, 430],
  ["fsconfig", 431, 431],
  ["fsmount", 432, 432],
  ["fspick", 433, 433],
  ["mount_setattr", 442, 442],
  ["name_to_handle_at", 303, 264],
  ["open_by_handle_at", 304, 265],
  ["quotactl", 179, 60],
  ["acct", 163, 89],
  ["swapon", 167, 224],
  ["reboot", 169, 142],
  ["init_module", 175, 105],
  ["finit_module", 313, 273],
  ["delete_module", 176, 106],
  ["kexec_load", 246, 104],
  ["syslog", 103, 116],
  ["settimeofday", 164, 170],
  ["clock_settime", 227, 112],
  ["clock_adjtime", 305, 266],
  ["adjtimex", 159, 171],
  ["sethostname", 170, 161],
  ["setdomainname", 171, 162],
  ["open_tree_attr", 467, 467],
  ["quotactl_fd", 443, 443],
  ["swapoff", 168, 225],
  ["kexec_file_load", 320, 294],
  ["vhangup", 153, 58],
  ["iopl", 172, null],
  ["ioperm", 173, null],
];
export const SOCKET: Call = ["socket", 41, 198];
export const CLONE: Call = ["clone", 56, 220];
export const MEMFD_CREATE: Call = ["memfd_create", 319, 279];
export const IOCTL: Call = ["ioctl", 16, 29];
/** Puts words into a terminal, or moves its selection: TIOCSTI, TIOCLINUX. */
export const TERMINAL_REQUESTS = [0x5412, 0x541c];
/** FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR. */
export const ATTRIBUTE_REQUESTS = [0x4008_6602, 0x401c_5820];

/** Name a process, at this argument. */
export const OF_PROCESS: readonly (readonly [...Call, at: number])[] = [
  ["kill", 62, 129, 0],
  ["tkill", 200, 130, 0],
  ["tgkill", 234, 131, 0],
  ["rt_sigqueueinfo", 129, 138, 0],
  ["rt_tgsigqueueinfo", 297, 240, 0],
  ["pidfd_open", 434, 434, 0],
  ["sched_setparam", 142, 118, 0],
  ["sched_setaffinity", 203, 122, 0],
];
/** Ask for rights, or for more than a limit: each is judged by its own rule. */
export const OF_RIGHTS: readonly (readonly [...Call, rule: string])[] = [
  ["setpriority", 141, 140, "priority"],
  ["sched_setscheduler", 144, 119, "scheduler"],
  ["sched_setattr", 314, 274, "scheduler"],
  ["ioprio_set", 251, 30, "io_priority"],
  ["pidfd_send_signal", 424, 424, "descriptor"],
  ["setrlimit", 160, 164, "own_limit"],
  ["setuid", 105, 146, "user"],
  ["setgid", 106, 144, "group"],
  ["setreuid", 113, 145, "user"],
  ["setregid", 114, 143, "group"],
  ["setresuid", 117, 147, "user"],
  ["setresgid", 119, 149, "group"],
  ["setfsuid", 122, 151, "user"],
  ["setfsgid", 123, 152, "group"],
  ["setgroups", 116, 159, "groups"],
  ["capset", 126, 91, "capabilities"],
  ["shmat", 30, 196, "segment"],
];
export const PRLIMIT: Call = ["prlimit64", 302, 261];
/** Name an address, at this argument or where it says. */
export const SENDTO: readonly [...Call, at: number] = ["sendto", 44, 206, 4];
export const OF_ADDRESSES: readonly (readonly [...Call, at: number])[] = [
  ["connect", 42, 203, 1],
  ["bind", 49, 200, 1],
  ["sendmsg", 46, 211, 1],
];
export const PROGRAMS: readonly (readonly [...Call, at: string])[] = [
  ["execve", 59, 221, "c0f"],
  ["execveat", 322, 281, "014"],
];

/*
 * A path is told by three characters: the argument of its folder (`c`: the working one), its own (`-`: the descriptor itself),
 * and what becomes of a link at its end: `f` followed, `l` meant itself, `n` nothing may be there, `L` as `linkat` is told, else
 * the argument of flags that may say it is meant itself.
 */
/** At a path, with a mode at the last of the arguments: that of a device is denied anywhere. */
export const MAKES: readonly (readonly [...Call, at: string, mode: number])[] = [
  ["mknod", 133, null, "c0n", 1],
  ["mknodat", 259, 33, "01n", 2],
];
/** With the argument of the flags; `m`: of where they are in memory. */
export const OPENS: readonly (readonly [...Call, at: string, flags: string])[] = [
  ["open", 2, null, "c0", "1"],
  ["openat", 257, 56, "01", "2"],
  ["openat2", 437, 437, "01", "m2"],
];
/** Change what is at a path. */
export const WRITES: readonly (readonly [...Call, at: string])[] = [
  ["creat", 85, null, "c0f"],
  ["mkdir", 83, null, "c0n"],
  ["mkdirat", 258, 34, "01n"],
  ["rmdir", 84, null, "c0l"],
  ["unlink", 87, null, "c0l"],
  ["unlinkat", 263, 35, "01l"],
  ["rename", 82, null, "c0lc1l"],
  ["renameat", 264, 38, "01l23l"],
  ["renameat2", 316, 276, "01l23l"],
  ["link", 86, null, "c0lc1n"],
  ["linkat", 265, 37, "01L23n"],
  ["symlink", 88, null, "c1n"],
  ["symlinkat", 266, 36, "12n"],
  ["truncate", 76, 45, "c0f"],
  ["chmod", 90, null, "c0f"],
  ["fchmod", 91, 52, "0-f"],
  ["fchmodat", 268, 53, "01f"],
  ["fchmodat2", 452, 452, "013"],
  ["chown", 92, null, "c0f"],
  ["lchown", 94, null, "c0l"],
  ["fchown", 93, 55, "0-f"],
  ["fchownat", 260, 54, "014"],
  ["utime", 132, null, "c0f"],
  ["utimes", 235, null, "c0f"],
  ["futimesat", 261, null, "01f"],
  ["utimensat", 280, 88, "013"],
  ["setxattr", 188, 5, "c0f"],
  ["lsetxattr", 189, 6, "c0l"],
  ["fsetxattr", 190, 7, "0-f"],
  ["removexattr", 197, 14, "c0f"],
  ["lremovexattr", 198, 15, "c0l"],
  ["fremovexattr", 199, 16, "0-f"],
  ["setxattrat", 463, 463, "012"],
  ["removexattrat", 466, 466, "012"],
  ["file_setattr", 469, 469, "014"],
];
