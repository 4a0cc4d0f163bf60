/**
 * The wall is built by two small Perl programs: Perl starts in a fifth of the time Python takes, belongs to the base system
 * of every Debian, and calls the kernel by number. One runs before bubblewrap, one behind it. Numbers from the kernel's
 * tables for x86-64 and arm64; from 424 on both are the same.
 */
const NUMBERS = {
  read: [0, 63],
  close: [3, 57],
  rt_sigprocmask: [14, 135],
  ioctl: [16, 29],
  sendmmsg: [307, 269],
  recvmsg: [47, 212],
  signalfd4: [289, 74],
  seccomp: [317, 277],
  openat2: [437, 437],
  process_vm_readv: [310, 270],
  mount: [165, 40],
  unshare: [272, 97],
  setgroups: [116, 159],
  setresgid: [119, 149],
  setresuid: [117, 147],
  prctl: [157, 167],
  prlimit64: [302, 261],
  getrusage: [98, 165],
  openat: [257, 56],
  faccessat: [269, 48],
  open_tree: [428, 428],
  move_mount: [429, 429],
  mount_setattr: [442, 442],
  landlock_create_ruleset: [444, 444],
  landlock_add_rule: [445, 445],
  landlock_restrict_self: [446, 446],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  O_NOFOLLOW: [0o400000, 0o100000],
  AUDIT_ARCH: [0xc000003e, 0xc00000b7],
} as const;

/** Absolute, never searched: PATH may name a folder of a plane. */
export const PERL_PLACES = ["/usr/bin/perl", "/usr/local/bin/perl", "/bin/perl"];

/** Machines whose numbers are known: as Node names them. */
const MACHINES = ["x64", "arm64"];
export const isKnownMachine = (arch: string): boolean => MACHINES.includes(arch);

/** Channel on which the wall says how it stands: one JSON object a line. */
export const STATUS_FD = 3;
/** Channel on which the program's own interpreter says what it denied. */
export const DENIALS_FD = 4;
/** Channel to the broker of an agent. */
export const BROKER_FD = 5;

/**
 * Text of a Perl program; `%NR` holds the numbers of this machine. `use strict` is left to the tests, which hold all of it to
 * that: to load it would take a quarter of the time to start.
 */
export function perlProgram(arch: string, body: string): string {
  const column = arch === "arm64" ? 1 : 0;
  const numbers = Object.entries(NUMBERS).map(([name, row]) => `${name}=>${row[column]}`);
  return `my %NR = (${numbers.join(",")});\n${COMMON}\n${body}`;
}

const COMMON = String.raw`
# What is opened stays open in the program that this one becomes.
$^F = 1 << 16;
open(my $status, '>&=', ${STATUS_FD}) or exit 125;
sub say_json { syswrite($status, $_[0] . "\n") }
sub fail {
  my $text = join(' ', @_);
  $text =~ s/[^ !#-\[\]-~]/?/g;
  say_json(qq({"failed":"$text"}));
  exit 125;
}
# A failing call is the end: a wall with a hole is none.
sub call {
  my ($what, $name, @args) = @_;
  my $result = syscall($NR{$name}, @args);
  fail("$what: $!") if $result == -1;
  return $result;
}
sub close_all_but {
  my %kept = map { $_ => 1 } 0, 1, 2, @_;
  opendir(my $open, '/proc/self/fd') or fail("descriptors: $!");
  my @found = grep { /^\d+$/ } readdir($open);
  closedir($open);
  for (@found) { syscall($NR{close}, 0 + $_) unless $kept{$_} }
}
sub limit {
  my ($which, $value) = @_;
  call("limit $which", 'prlimit64', 0, 0 + $which, pack('QQ', $value, $value), 0);
}
`;
