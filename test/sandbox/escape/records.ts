/** What is told of each attempt that an interpreter sees: rule and subject, where F is the folder around the plane. */
const own = "files.write F/plane/plugin/own";
const COMMON: Readonly<Record<string, string>> = {
  "file-outside": "files.read F/outside/file",
  "file-other-plugin": "files.read F/plane/other/file",
  "file-plane-truth": "files.read F/plane/.holdfast/file",
  "file-forbidden": "files.read F/plane/plugin/secret/file",
  "file-passwd": "files.read /etc/passwd",
  "file-shadow": "files.read /etc/shadow",
  "file-hostname": "files.read /etc/hostname",
  "list-outside": "files.read F/outside",
  "list-sys": "files.read /sys/kernel",
  "link-made": "files.read F/outside/file",
  "link-hard-own": own,
  "proc-root": "files.read /proc/1/root/etc/passwd",
  "proc-cwd": "files.read /proc/1/cwd",
  "proc-environ": "files.read /proc/1/environ",
  "proc-memory": "files.read /proc/1/mem",
  "proc-descriptors": "files.read /proc/1/fd",
  "proc-core-pattern": "files.write /proc/sys/kernel/core_pattern",
  "own-append": own,
  "own-truncate": own,
  "own-unlink": own,
  "own-rename": own,
  "own-replace": "files.write F/plane/plugin/second",
  "own-chmod": own,
  "own-chown": own,
  "own-utime": own,
  "own-folder": "files.write F/plane/plugin/new",
  "write-outside": "files.write F/outside/harm",
  "write-other": "files.write F/plane/other/harm",
  "write-truth": "files.write F/plane/.holdfast/harm",
  "write-plane": "files.write F/plane/harm",
  "write-system": "files.write /usr/lib/harm",
  "write-root": "files.write /harm",
  "write-etc": "files.write /etc/ld.so.preload",
  "program-shell": "subprocess /bin/sh",
  "program-perl": "subprocess /usr/bin/perl",
  "program-copied": "subprocess /tmp/program",
  "program-copied-shm": "subprocess /dev/shm/program",
  "program-setuid": "subprocess /usr/bin/su",
  "environment-others": "files.read /proc/1/environ",
};

const socket = (family: number): string => `network a socket of the family ${family}`;

export const RECORDS: Readonly<Record<"python" | "node", Readonly<Record<string, string>>>> = {
  python: {
    ...COMMON,
    "file-outside-dotdot": "files.read F/outside/file",
    "list-truth": "files.read F/plane/.holdfast",
    "link-there": "files.read F/outside/file",
    "link-to-proc-root": "files.write F/outside/file",
    "link-hard-out": "files.write F/outside/file",
    "proc-maps": "files.read /proc/1/maps",
    "proc-hostname": "files.write /proc/sys/kernel/hostname",
    "proc-oom": "files.write /proc/2/oom_score_adj",
    "proc-uid-map": "files.write /proc/2/uid_map",
    "own-xattr": own,
    "own-map": own,
    "program-loader": "subprocess /usr/bin/ldd",
    "program-script": "subprocess /tmp/script",
    preload: "subprocess /bin/true",
    bytecode: "files.write F/plane/plugin/__pycache__/own.pyc",
    tcp: socket(2),
    "tcp-mapped": socket(10),
    "tcp-away": socket(2),
    "tcp-metadata": socket(2),
    "udp-away": socket(2),
    "udp-six": socket(10),
    dns: "network example.org:443",
    netlink: socket(16),
    packet: socket(17),
    raw: socket(2),
    vsock: socket(40),
    terminal: "files.write /dev/tty",
  },
  node: {
    ...COMMON,
    "file-outside-dotdot": "files.read F/plane/plugin/../../outside/file",
    "link-hard-out": "files.read F/outside/file",
    "proc-oom": "files.write /proc/self/oom_score_adj",
    "own-copy": "files.write F/plane/plugin/node",
    tcp: "network 127.0.0.1:PORT",
    "tcp-mapped": "network ::ffff:127.0.0.1:PORT",
    "tcp-away": "network 192.0.2.1:80",
    "tcp-metadata": "network 169.254.169.254:80",
    "udp-away": "network 192.0.2.1:53",
    "udp-six": "network 2001:db8::1:53",
    dns: "network example.org",
    "unix-path": "network F/plane/plugin/daemon.sock",
    "unix-abstract": "network ABSTRACT",
    terminal: "files.read /dev/tty",
  },
};

/**
 * Denied by the kernel where no interpreter looks: calls made by number, signals, sockets that have no name yet, and what is
 * not there to be seen. The count is shown; the wall says no all the same.
 */
export const UNSEEN: ReadonlySet<string> = new Set(
  `
descriptors handle own-attributes own-fifo device program-memory unix-path unix-abstract signal-host signal-first
signal-victim pidfd priority affinity limits-of-other trace-first trace-me memory-read memory-write compare
steal-descriptor ring namespace-user namespace-mount namespace-join namespace-clone mount remount unmount mount-new
root-change root-pivot key key-add bpf perf userfault module kexec reboot swap clock-set host-name become-root
become-group groups capabilities limit-core limit-files environment command-lines terminal-type shared-memory
shared-segment processes-seen proc-host-environ link-there proc-sysrq proc-kcore device-memory device-disk
sitecustomize
`
    .trim()
    .split(/\s+/),
);
