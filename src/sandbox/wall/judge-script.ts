/**
 * Part of the first process of the namespace: says of a call whether the kernel will deny it, from what it sees of the caller.
 * But for what no caller may do to this process itself the kernel decides, so one that changes its words meanwhile gains nothing.
 */
export const JUDGE_SCRIPT = String.raw`
# Processes of the namespace that are none of the program's.
my %ours;

sub signed { unpack('l', pack('L', $_[0] & 0xffffffff)) }

sub memory {
  my ($pid, $address, $length) = @_;
  return '' unless $address;
  my $bytes = "\0" x $length;
  my ($here, $there) = (pack('PQ', $bytes, $length), pack('QQ', $address, $length));
  my $got = syscall($NR{process_vm_readv}, $pid, $here, 1, $there, 1, 0);
  return $got > 0 ? substr($bytes, 0, $got) : '';
}

sub text_at {
  my ($pid, $address) = @_;
  # In two parts, since the second page may not be there.
  my $text = memory($pid, $address, 4096 - $address % 4096);
  $text .= memory($pid, $address + length $text, 4096) unless $text =~ /\0/;
  return $text =~ /\A([^\0]*)\0/ ? $1 : undef;
}

# The same by the kernel, which is quicker: where no link is passed that each process has of its own, it leads us where it
# leads the caller. Undefined where nothing is there, or one is passed.
sub opened_at {
  my ($pid, $base, $path) = @_;
  my $folder = -100;
  if ($path !~ m{^/}) {
    $folder = syscall($NR{openat}, -100, "/proc/$pid/$base", 0x280000, 0);
    return undef if $folder == -1;
  }
  # O_PATH; RESOLVE_NO_MAGICLINKS.
  my $how = pack('QQQ', 0x280000, 0, 2);
  my $fd = $path eq '' ? -1 : syscall($NR{openat2}, $folder, "$path", $how, 24);
  syscall($NR{close}, $folder) if $folder != -100;
  return undef if $fd == -1;
  my $found = readlink("/proc/self/fd/$fd");
  syscall($NR{close}, $fd);
  return defined $found && $found =~ m{^/(?!(?:proc|dev)(?:/|\z))} && $found !~ / \(deleted\)\z/ ? $found : undef;
}

# Where a path leads, with its links followed as the caller would; undefined for what is no path, as a pipe.
sub led_to {
  my ($pid, $folder, $address, $end) = @_;
  my $base = defined $folder && signed($folder) != -100 ? "fd/" . signed($folder) : 'cwd';
  my $path = $address ? text_at($pid, $address) : '';
  return 'a path that cannot be read' unless defined $path;
  if ($end eq 'f') { my $found = opened_at($pid, $base, $path); return $found if defined $found }
  my @left = split m{/+}, $path =~ m{^/} ? $path : "proc/$pid/$base/$path";
  $end = 'f' if $path =~ m{(?:^|/)\z};
  my ($at, $links) = ('', 0);
  while (@left) {
    my $name = shift @left;
    next if $name eq '' || $name eq '.';
    if ($name eq '..') {
      # Above what is not there is nothing.
      return $at if $at ne '' && !-d $at;
      $at =~ s{/[^/]*\z}{};
      next;
    }
    # The caller's own, and not ours.
    $name = $name eq 'self' ? $pid : "$pid/task/$pid" if $at eq '/proc' && $name =~ /^(?:thread-)?self\z/;
    my $link = @left || $end eq 'f' ? readlink("$at/$name") : undef;
    if (defined $link && $at =~ m{^/proc/(\d+)(?:/|\z)}) {
      # What we may look into is not what the caller may.
      if ($ours{$1}) { undef $link } elsif ($link !~ m{^/(?!memfd:)}) { return undef }
    }
    if (!defined $link) { $at .= "/$name"; next }
    return "$at/$name" if ++$links > 40;
    $at = '' if $link =~ m{^/};
    unshift @left, split m{/+}, $link;
  }
  return undef if $end eq 'n' && (-l $at || -e _);
  return $at eq '' ? '/' : $at;
}

sub lies_in {
  my ($path, @folders) = @_;
  return grep { $path eq $_ || index($path, $_ eq '/' ? '/' : "$_/") == 0 } @folders;
}

# The same as one pattern, for lists that are asked again and again.
sub within {
  my $any = join '|', map { $_ eq '/' ? '' : quotemeta } @_;
  return @_ ? qr{\A(?:$any)(?:/|\z)} : qr{(?!)};
}

my %ENDS = (f => sub { 'f' }, l => sub { 'l' }, n => sub { 'n' }, L => sub { $_[4] & 0x400 ? 'f' : 'l' });
sub led_by {
  my ($pid, $at, @args) = @_;
  return map {
    my ($folder, $path, $end) = split //;
    my $how = $ENDS{$end} ? $ENDS{$end}->(@args) : $args[$end] & 0x100 ? 'l' : 'f';
    led_to($pid, $folder eq 'c' ? undef : $args[$folder], $path eq '-' ? 0 : $args[$path], $how);
  } $at =~ /.../g;
}

# One that has never been in this namespace: what once was here may have ended.
sub is_elsewhere {
  my ($pid) = @_;
  return 0 if $pid <= 0 || -e "/proc/$pid";
  my ($line) = lines_of('/proc/loadavg');
  return defined $line && $line =~ / (\d+)$/ && $pid > $1;
}

# Those of ours are not to be reached, as their limits would be by one of the same user.
sub of_process {
  my ($name, $pid) = @_;
  return $ours{$pid} ? (['system', "$name of process $pid", 1]) : is_elsewhere($pid) ? (['system', "$name of process $pid"]) : ();
}

# Calls that name a user or a group, by how many.
sub becomes {
  my ($own, $name, $arguments) = @_;
  my $count = $name =~ /^setres/ ? 3 : $name =~ /^setre/ ? 2 : 1;
  my @others = grep { $_ != -1 && $_ != $own } map { signed($_) } @$arguments[0 .. $count - 1];
  return @others ? ['system', "$name to $others[0]"] : ();
}

my %LIMIT_NAMES = (0 => 'cpu', 1 => 'fsize', 4 => 'core', 6 => 'nproc', 7 => 'nofile', 8 => 'memlock', 9 => 'as');

sub above_limit {
  my ($name, $pid, $which, $address) = @_;
  my ($soft, $hard) = unpack('QQ', memory($pid, $address, 16));
  my $now = "\0" x 16;
  return () if !defined $hard || syscall($NR{prlimit64}, $pid, $which, 0, $now) == -1;
  my (undef, $may) = unpack('QQ', $now);
  return $hard > $may ? (['system', "$name of " . ($LIMIT_NAMES{$which} // $which) . ' above its ceiling']) : ();
}

# Whether the plugin's own file was opened: what a loader and an interpreter look for before is no doing of the program.
my $is_up = 0;

# Whether Landlock judges of what is done with a socket, which it does of TCP.
sub is_landlocked {
  my ($pid, $fd) = @_;
  return 0 if syscall($NR{landlock_create_ruleset}, 0, 0, 1) < 4;
  my ($process) = map { /^Tgid:\s+(\d+)/ ? 0 + $1 : () } lines_of("/proc/$pid/status");
  my $holder = defined $process ? syscall($NR{pidfd_open}, $process, 0) : -1;
  return 0 if $holder == -1;
  my $copy = syscall($NR{pidfd_getfd}, $holder, signed($fd), 0);
  syscall($NR{close}, $holder);
  return 0 if $copy == -1;
  open(my $socket, '+<&=', $copy) or return 0;
  return unpack('l', getsockopt($socket, 1, 3) // '') == 1;
}

# What the kernel denies of each, as a rule, a subject, and the number of the error where it is denied here.
my %judged = (
  deny => sub { my ($pid, $name, $arguments, $rule, $error) = @_; [$rule, $name, $error] },
  socket => sub { my ($pid, $name, $arguments, $error) = @_; ['network', 'a socket of the family ' . signed($arguments->[0]), $error] },
  reach => sub {
    my ($pid, $name, $arguments, $at) = @_;
    my ($where, $length) = $name eq 'sendmsg' ? unpack('QL', memory($pid, $arguments->[$at], 12)) : @$arguments[$at, $at + 1];
    my $bytes = memory($pid, $where // 0, ($length // 0) < 28 ? $length // 0 : 28);
    my ($family, $port) = unpack('Sn', $bytes);
    my $address = ($family // 0) == 2 ? substr($bytes, 4, 4) : ($family // 0) == 10 ? substr($bytes, 8, 16) : '';
    return () unless length $address == 4 || length $address == 16;
    my $is_near = $address =~ /\A(?:\0{10}\xff\xff)?(?:\x7f...|\0{4})\z/s || $address =~ /\A\0{15}[\0\1]\z/;
    return () if $is_near && $port == $asked{relay}[0];
    return () if ($is_near || $name eq 'bind') && !is_landlocked($pid, $arguments->[0]);
    my $text = Socket::inet_ntop($family, $address) . ":$port";
    return ['network', $name eq 'bind' ? "to listen at $text" : $text];
  },
  process => sub { my ($pid, $name, $arguments, $at) = @_; of_process($name, signed($arguments->[$at])) },
  descriptor => sub {
    my ($pid, $name, $arguments) = @_;
    my $fd = signed($arguments->[0]);
    my ($folder) = (readlink("/proc/$pid/fd/$fd") // '') =~ m{^/proc/(\d+)\z};
    return of_process($name, $folder // 0);
  },
  scheduler => sub {
    my ($pid, $name, $arguments) = @_;
    my ($policy, $nice) = $name eq 'sched_setattr' ? unpack('x4Lx8l', memory($pid, $arguments->[1], 20)) : ($arguments->[1], 0);
    my @denied = of_process($name, signed($arguments->[0]));
    return @denied if @denied || !defined $policy;
    $policy &= 0xffff;
    # FIFO, RR, DEADLINE.
    return $policy == 1 || $policy == 2 || $policy == 6 ? ['system', "$name to policy $policy"]
      : $nice < 0 ? ['system', "$name to $nice"] : ();
  },
  io_priority => sub {
    my ($pid, $name, $arguments) = @_;
    my @denied = $arguments->[0] == 1 ? of_process($name, signed($arguments->[1])) : ();
    return @denied || ($arguments->[2] >> 13 & 7) != 1 ? @denied : ['system', "$name of real time"];
  },
  own_limit => sub { my ($pid, $name, $arguments) = @_; above_limit($name, $pid, @$arguments) },
  priority => sub {
    my ($pid, $name, $arguments) = @_;
    my ($which, $who, $value) = map { signed($_) } @$arguments;
    my @denied = $which == 0 ? of_process($name, $who) : ();
    return @denied || $value >= 0 ? @denied : ['system', "$name to $value"];
  },
  user => sub { my ($pid, $name, $arguments) = @_; becomes($<, $name, $arguments) },
  group => sub { my ($pid, $name, $arguments) = @_; becomes($( + 0, $name, $arguments) },
  groups => sub { ['system', 'setgroups'] },
  capabilities => sub { my ($pid, $name, $arguments) = @_; memory($pid, $arguments->[1], 24) =~ /[^\0]/ ? ['system', 'capset'] : () },
  segment => sub {
    my ($pid, $name, $arguments) = @_;
    my $id = signed($arguments->[0]);
    return grep({ /^\s*-?\d+\s+$id\s/ } lines_of('/proc/sysvipc/shm')) ? () : ['system', "shmat of segment $id"];
  },
  limit => sub {
    my ($pid, $name, $arguments) = @_;
    my $of = signed($arguments->[0]);
    my @denied = of_process($name, $of);
    return @denied ? @denied : above_limit($name, $of || $pid, @$arguments[1, 2]);
  },
  request => sub {
    my ($pid, $name, $arguments, $attributes) = @_;
    my $request = $arguments->[1] & 0xffffffff;
    return ['system', sprintf('ioctl 0x%x', $request), 1] unless grep { $_ == $request } split /,/, $attributes;
    return written(led_by($pid, '0-f', @$arguments));
  },
  open => sub {
    my ($pid, $name, $arguments, $at, $flags) = @_;
    my $how = $flags =~ /^m(\d)/ ? unpack('Q', memory($pid, $arguments->[$1], 8)) // 0 : $arguments->[$flags];
    # O_PATH; else O_WRONLY, O_RDWR, O_TRUNC.
    my $is_place = $how & 0x200000;
    my $is_writing = !$is_place && $how & 0x203;
    my $is_made = !$is_place && $how & 0x40;
    # A start opens a hundred files, and nothing is told of them: only the name is looked at.
    if (!$is_up && !$is_writing && !$is_made) {
      my $name = text_at($pid, $arguments->[substr($at, 1, 1)]) // '';
      # An interpreter runs what an environment says in its .pth files, and that may be of a plugin.
      $is_up = $name eq $asked{entry}[0] || $name =~ m{\A(?!/usr/).*\.pth\z}s;
      return ();
    }
    my $is_new = $is_made && $how & 0x80;
    my ($path) = led_by($pid, $at . ($is_new ? 'n' : $how & $NR{O_NOFOLLOW} ? 'l' : 'f'), @$arguments);
    # What is there already is only opened.
    $is_writing ||= $is_made && defined $path && !-e $path;
    return $is_writing ? written($path) : read_from($path);
  },
  write => sub { my ($pid, $name, $arguments, $at) = @_; written(led_by($pid, $at, @$arguments)) },
  node => sub {
    my ($pid, $name, $arguments, $at, $mode) = @_;
    my $kind = $arguments->[$mode] & 0170000;
    return ['system', "$name of a device"] if $kind == 0020000 || $kind == 0060000;
    return written(led_by($pid, $at, @$arguments));
  },
  program => sub {
    my ($pid, $name, $arguments, $at) = @_;
    return map { ['subprocess', $_] } grep { defined && !lies_in($_, @{$asked{run}}) } led_by($pid, $at, @$arguments);
  },
);

# Where libraries look for names, words, certificates and the number of processors is no doing of the program at any time. An
# interpreter tells of it where the program itself asks.
my @of_libraries = (
  map({ "/etc/$_" } qw(nsswitch.conf host.conf resolv.conf hosts gai.conf services protocols netsvc.conf svc.conf mime.types locale.alias
    ld.so.preload userdb ssl pki)),
  qw(/usr/share /run/userdb /run/systemd/userdb /run/host/userdb /sys/fs/cgroup /sys/devices/system/cpu /sys/devices/system/node
    /sys/kernel/mm/transparent_hugepage),
);

my $of_libraries = within(@of_libraries);
my @to_write = (@{$asked{write}}, @{$asked{device}});
my @to_read = (@{$asked{read}}, @to_write);
my ($to_read, $to_write) = (within(@to_read), within(@to_write));
my $hidden;

sub is_hidden { $hidden //= within(@{$asked{hidden}}); $_[0] =~ $hidden }

sub read_from {
  my ($path) = @_;
  return () unless defined $path;
  return () if $path =~ $of_libraries;
  my $is_hidden = is_hidden($path) || ($path =~ m{^/proc/(\d+)(?:/|\z)} && is_elsewhere($1))
    # Of the machine, some are for root alone.
    || $path =~ m{^/proc/} && syscall($NR{faccessat}, -100, "$path", 4) == -1 && $! == 13;
  return () if !$is_hidden && ($path =~ $to_read || grep { lies_in($_, $path) } @to_read);
  return ['files.read', $path];
}

sub written {
  return map { ['files.write', $_] } grep { defined && ($_ !~ $to_write || is_hidden($_)) } @_;
}
`;
