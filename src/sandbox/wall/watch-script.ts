/**
 * Part of the first process of the namespace: the kernel asks it about calls that are denied, or may be. What is denied it denies,
 * and tells on the channel of the wall, which the program does not hold. About the rest it says whether the kernel will deny
 * it, from what it sees of the caller; the kernel decides, so a caller that changes its words meanwhile gains nothing.
 */
export const WATCH_SCRIPT = String.raw`
my %watched = map { my ($number, @rule) = split / /; ($number => \@rule) } @{$asked{watch}};
my %told;
my $TOLD_MAX = 200;

sub signed { unpack('l', pack('L', $_[0] & 0xffffffff)) }

# The program sends the descriptor of its filter to us, who answer.
sub send_descriptor {
  my ($socket, $fd) = @_;
  my ($byte, $control) = ('x', pack('Qlllx4', 20, 1, 1, $fd));
  my $part = pack('PQ', $byte, 1);
  my $message = pack('QQPQPQQ', 0, 0, $part, 1, $control, 24, 0);
  call('watch', 'sendmsg', fileno($socket), $message, 0);
}

sub received_descriptor {
  my ($socket) = @_;
  my ($byte, $control) = (' ', "\0" x 24);
  my $part = pack('PQ', $byte, 1);
  my $message = pack('QQPQPQQ', 0, 0, $part, 1, $control, 24, 0);
  my $got = syscall($NR{recvmsg}, fileno($socket), $message, 0x40000000);
  return undef unless $got == 1;
  my ($length, $level, $type, $fd) = unpack('Qlll', $control);
  return $length == 20 && $level == 1 && $type == 1 ? $fd : undef;
}

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

# Where a path leads, with its links followed; undefined for what is no path, as a pipe.
sub led_to {
  my ($pid, $folder, $address) = @_;
  my $base = defined $folder && signed($folder) != -100 ? "/proc/$pid/fd/" . signed($folder) : "/proc/$pid/cwd";
  my $path = $address ? text_at($pid, $address) : '';
  return 'a path that cannot be read' unless defined $path;
  $path = $path eq '' ? $base : $path =~ m{^/} ? $path : "$base/$path";
  $path =~ s{^/proc/(?:self|thread-self)(?=/|$)}{/proc/$pid};
  my $name = '';
  for (1 .. 64) {
    my $fd = syscall($NR{openat}, -100, "$path", 0x280000, 0);
    if ($fd != -1) {
      my $found = readlink("/proc/self/fd/$fd");
      syscall($NR{close}, $fd);
      return undef unless defined $found && $found =~ m{^/};
      return $found eq '/' ? $name || '/' : "$found$name";
    }
    # Of what is not there: where its folder is, or where a link leads that leads nowhere.
    return "$path$name" unless $path =~ m{\A(.*?)/+([^/]+)/*\z}s;
    my ($above, $last, $link) = ($1, $2, readlink($path));
    return "$path$name" if $last eq '..';
    if (defined $link) { $path = $link =~ m{^/} ? $link : "$above/$link"; next }
    $name = "/$last$name" unless $last eq '.';
    $path = $above eq '' ? '/' : $above;
  }
  return "$path$name";
}

sub lies_in {
  my ($path, @folders) = @_;
  return grep { $path eq $_ || index($path, $_ eq '/' ? '/' : "$_/") == 0 } @folders;
}

sub led_by { my ($pid, $at, @args) = @_; map { my ($folder, $path) = /^(.)(.)$/;
  led_to($pid, $folder eq 'c' ? undef : $args[$folder], $path eq '-' ? 0 : $args[$path]) } $at =~ /../g }

# One that has never been in this namespace: what once was here may have ended.
sub is_elsewhere {
  my ($pid) = @_;
  return 0 if $pid <= 0 || -e "/proc/$pid";
  my ($line) = lines_of('/proc/loadavg');
  return defined $line && $line =~ / (\d+)$/ && $pid > $1;
}

sub of_process { my ($name, $pid) = @_; $pid == 1 || $pid == $$ || is_elsewhere($pid) ? (['system', "$name of process $pid"]) : () }

sub is_other { my ($own, @ids) = @_; grep { $_ != -1 && $_ != $own } map { signed($_) } @ids }

my %IDS_OF = map { /^setres/ ? ($_ => 3) : /^setre/ ? ($_ => 2) : ($_ => 1) } qw(setuid setgid setreuid setregid setresuid setresgid);
my %LIMIT_NAMES = (0 => 'cpu', 1 => 'fsize', 4 => 'core', 6 => 'nproc', 7 => 'nofile', 8 => 'memlock', 9 => 'as');

sub above_limit {
  my ($pid, $which, $address) = @_;
  my ($soft, $hard) = unpack('QQ', memory($pid, $address, 16));
  my $now = "\0" x 16;
  return () if !defined $hard || syscall($NR{prlimit64}, $pid, $which, 0, $now) == -1;
  my (undef, $may) = unpack('QQ', $now);
  return $hard > $may ? (['system', 'prlimit64 of ' . ($LIMIT_NAMES{$which} // $which) . ' above its ceiling']) : ();
}

# Of each: what the kernel denies of it, as pairs of a rule and a subject.
my %judged = (
  deny => sub { my ($rule, $name) = @_; [$rule, $name] },
  socket => sub { my ($pid, $name, $arguments) = @_; ['network', 'a socket of the family ' . signed($arguments->[0])] },
  process => sub { my ($pid, $name, $arguments, $at) = @_; of_process($name, signed($arguments->[$at])) },
  priority => sub {
    my ($pid, $name, $arguments) = @_;
    my ($which, $who, $value) = map { signed($_) } @$arguments;
    my @denied = $which == 0 ? of_process($name, $who) : ();
    return @denied || $value >= 0 ? @denied : ['system', "$name to $value"];
  },
  user => sub { my ($pid, $name, $arguments) = @_; is_other($<, @$arguments[0 .. $IDS_OF{$name} - 1]) ? ['system', "$name to " . signed($arguments->[0])] : () },
  group => sub { my ($pid, $name, $arguments) = @_; is_other($( + 0, @$arguments[0 .. $IDS_OF{$name} - 1]) ? ['system', "$name to " . signed($arguments->[0])] : () },
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
    return @denied ? @denied : above_limit($of || $pid, $arguments->[1], $arguments->[2]);
  },
  request => sub {
    my ($pid, $name, $arguments, $attributes) = @_;
    my $request = $arguments->[1] & 0xffffffff;
    return ['system', sprintf('ioctl 0x%x', $request)] unless grep { $_ == $request } split /,/, $attributes;
    return written($pid, led_by($pid, '0-', @$arguments));
  },
  open => sub {
    my ($pid, $name, $arguments, $at, $flags, $writing) = @_;
    my $how = $flags =~ /^m(\d)/ ? unpack('Q', memory($pid, $arguments->[$1], 8)) // 0 : $arguments->[$flags];
    my ($path) = led_by($pid, $at, @$arguments);
    return $how & $writing ? written($pid, $path) : read_from($path);
  },
  write => sub { my ($pid, $name, $arguments, $at) = @_; written($pid, led_by($pid, $at, @$arguments)) },
  node => sub {
    my ($pid, $name, $arguments, $at, $mode) = @_;
    my $kind = $arguments->[$mode] & 0170000;
    return ['system', "$name of a device"] if $kind == 0020000 || $kind == 0060000;
    return written($pid, led_by($pid, $at, @$arguments));
  },
  program => sub {
    my ($pid, $name, $arguments, $at) = @_;
    return map { ['subprocess', $_] } grep { defined && !lies_in($_, @{$asked{run}}) } led_by($pid, $at, @$arguments);
  },
);

# What a loader and an interpreter look for as they start is no doing of the program, nor is where libraries look for names, words,
# certificates and the number of processors at any time. An interpreter tells of it where the program itself asks.
my $is_up = 0;
my @of_libraries = (
  map({ "/etc/$_" } qw(nsswitch.conf host.conf resolv.conf hosts gai.conf services protocols netsvc.conf svc.conf mime.types
    ld.so.preload userdb ssl pki)),
  qw(/usr/share /run/userdb /run/systemd/userdb /run/host/userdb /sys/fs/cgroup /sys/devices/system/cpu /sys/devices/system/node
    /sys/kernel/mm/transparent_hugepage),
);

sub read_from {
  my ($path) = @_;
  return () unless defined $path;
  $is_up ||= $path eq $asked{entry}[0];
  return () if !$is_up || lies_in($path, @of_libraries);
  my @granted = (@{$asked{read}}, @{$asked{write}}, @{$asked{device}});
  my $is_hidden = lies_in($path, @{$asked{hidden}}) || ($path =~ m{^/proc/(\d+)(?:/|\z)} && is_elsewhere($1));
  return () if !$is_hidden && (lies_in($path, @granted) || grep { lies_in($_, $path) } @granted);
  return ['files.read', $path];
}

sub written {
  my ($pid, @paths) = @_;
  my @granted = (@{$asked{write}}, @{$asked{device}});
  return map { ['files.write', $_] } grep { defined && !lies_in($_, @granted) } @paths;
}

sub report {
  my ($rule, $subject) = @_;
  # A worker cannot tell one call from the next, and each is to have its own record.
  return if !$ENV{HOLDFAST_WORKER} && ($told{"$rule $subject"}++ || keys %told > $TOLD_MAX);
  # As long as what an interpreter says of the same, so that it is one denial and not two.
  utf8::decode($subject);
  $subject = substr($subject, 0, 400);
  $subject =~ s/([^ !#-\[\]-~])/join '', map { sprintf '\\u%04x', $_ } unpack 'n*', encoded($1)/ge;
  say_json(qq({"denied":{"rule":"$rule","subject":"$subject"}}));
}

# Beyond 0xffff a pair of two.
sub encoded {
  my $code = ord $_[0];
  return pack('n', $code) if $code < 0x10000;
  $code -= 0x10000;
  return pack('nn', 0xd800 + ($code >> 10), 0xdc00 + ($code & 0x3ff));
}

# @returns the number of the error, or 0 for what the kernel decides
sub decide {
  my ($pid, $number, @arguments) = @_;
  my ($verb, $name, @more) = @{$watched{$number} // ['deny', "call $number", 'system', 1]};
  my @denied = eval { $verb eq 'deny' ? $judged{deny}->($more[0], $name) : $judged{$verb}->($pid, $name, \@arguments, @more) };
  report(@$_) for @denied;
  return $more[1] if $verb eq 'deny';
  return $more[0] if $verb eq 'socket';
  return $verb eq 'request' && @denied && $denied[0][0] eq 'system' ? 1 : 0;
}

sub answer {
  my ($listener) = @_;
  my $asked = "\0" x 80;
  # Whoever asked may be gone.
  return if syscall($NR{ioctl}, $listener, 0xc0502100, $asked) == -1;
  my ($id, $pid, undef, $number, undef, undef, @arguments) = unpack('QLLlLQQ6', $asked);
  my $error = decide($pid, $number, @arguments);
  my $reply = pack('QqlL', $id, 0, -$error, $error ? 0 : 1);
  syscall($NR{ioctl}, $listener, 0xc0182101, $reply);
}

# Answers until the program has ended. @returns how it ended, as wait says it
sub watch_over {
  my ($child, $listener) = @_;
  my $ends = pack('Q', 1 << 16);
  call('signals', 'rt_sigprocmask', 0, $ends, 0, 8);
  my $ended = call('signals', 'signalfd4', -1, $ends, 8, 0x80800);
  while (1) {
    while ((my $one = waitpid(-1, 1)) > 0) { return $? if $one == $child }
    my $ready = '';
    vec($ready, $_, 1) = 1 for $ended, $listener;
    next if select($ready, undef, undef, undef) < 0;
    if (vec($ready, $ended, 1)) {
      my $said = "\0" x 1280;
      syscall($NR{read}, $ended, $said, length $said);
    }
    answer($listener) if vec($ready, $listener, 1);
  }
}
`;
