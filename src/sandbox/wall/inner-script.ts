/**
 * Runs behind bubblewrap as the first process of the namespace, and starts the program. What it adds would each alone not be
 * enough: Landlock, a limit of processes, a filter of system calls, which it watches; and where a network is granted, the relay
 * to the proxy outside.
 * Arguments: a word, a count, and so many texts, again and again; then `program` and its command line.
 */
import { STATUS_FD } from "./perl-common.ts";
import { WATCH_SCRIPT } from "./watch-script.ts";

export const INNER_SCRIPT = String.raw`
my ($EXECUTE, $WRITE, $READ, $READ_DIR, $TRUNCATE, $IOCTL) = (1, 2, 4, 8, 1 << 14, 1 << 15);
my %asked = map { $_ => [] } qw(keep processes run write device connect filter watched watch entry read hidden relay admission);
while (defined(my $word = shift @ARGV)) {
  last if $word eq 'program';
  my $count = shift @ARGV;
  $asked{$word} = [splice(@ARGV, 0, $count)];
}

# Who started all this puts this process into its control groups meanwhile; nothing is started before.
sub admitted {
  return unless @{$asked{admission}};
  my $word = ' ';
  fail('it was not let in') unless syscall($NR{read}, ${STATUS_FD}, $word, 1) == 1;
  $asked{admission} = [];
}

# In a process of its own, adopted by the first one: the program has no part in it. It alone may open a socket with a path.
sub relay {
  my ($port, $path) = @_;
  require Socket;
  Socket->import(qw(:DEFAULT pack_sockaddr_un));
  socket(my $door, 2, 1, 0) or fail("relay: $!");
  bind($door, Socket::pack_sockaddr_in($port, "\x7f\0\0\1")) or fail("relay: $!");
  listen($door, 64) or fail("relay: $!");
  admitted();
  my $child = fork();
  fail("relay: $!") unless defined $child;
  if ($child == 0) {
    exit 0 if fork();
    # Neither its memory nor its descriptors are the program's to look into.
    syscall($NR{prctl}, 4, 0, 0, 0, 0);
    close_all_but(fileno($door));
    for my $name (0, 1, 2) { syscall($NR{close}, $name) }
    serve($door, Socket::pack_sockaddr_un($path));
    exit 0;
  }
  waitpid($child, 0);
  close($door);
}

sub serve {
  my ($door, $proxy) = @_;
  $SIG{PIPE} = 'IGNORE';
  my (%handle, %other, %waiting, %is_over);
  while (1) {
    my ($reads, $writes) = ('', '');
    vec($reads, fileno($door), 1) = 1;
    for my $fd (keys %handle) {
      vec($reads, $fd, 1) = 1 if !$is_over{$fd} && length($waiting{$other{$fd}}) < 1 << 18;
      vec($writes, $fd, 1) = 1 if length($waiting{$fd});
    }
    next if select($reads, $writes, undef, undef) < 0;
    if (vec($reads, fileno($door), 1) && accept(my $one, $door)) {
      my $two;
      if (socket($two, 1, 1, 0) && connect($two, $proxy)) {
        my ($a, $b) = (fileno($one), fileno($two));
        @handle{$a, $b} = ($one, $two); @other{$a, $b} = ($b, $a);
        @waiting{$a, $b} = ('', ''); @is_over{$a, $b} = (0, 0);
      }
    }
    for my $fd (keys %handle) {
      next unless $handle{$fd};
      my $to = $other{$fd};
      if (vec($writes, $fd, 1)) {
        my $sent = syswrite($handle{$fd}, $waiting{$fd});
        if (defined $sent) { substr($waiting{$fd}, 0, $sent) = '' } else { $waiting{$fd} = ''; $is_over{$fd} = $is_over{$to} = 1 }
      }
      if (vec($reads, $fd, 1)) {
        my $got = sysread($handle{$fd}, my $bytes, 65536);
        if ($got) { $waiting{$to} .= $bytes } else { $is_over{$fd} = 1 }
      }
    }
    # After all of them: what was written last may have been waited for by one that came before.
    for my $fd (keys %handle) {
      next unless $handle{$fd};
      my $to = $other{$fd};
      if ($is_over{$fd} == 1 && !length($waiting{$to})) { shutdown($handle{$to}, 1); $is_over{$fd} = 2 }
      if ($is_over{$fd} == 2 && $is_over{$to} == 2) {
        delete @handle{$fd, $to}; delete @other{$fd, $to}; delete @waiting{$fd, $to}; delete @is_over{$fd, $to};
      }
    }
  }
}

sub landlock {
  my $version = syscall($NR{landlock_create_ruleset}, 0, 0, 1);
  return if $version < 1;
  my $files = (1 << ($version < 2 ? 13 : $version < 3 ? 14 : $version < 5 ? 15 : 16)) - 1;
  my $attributes = pack('Q', $files);
  $attributes .= pack('Q', 3) if $version >= 4;
  $attributes .= pack('Q', 3) if $version >= 6;
  my $rules = call('landlock', 'landlock_create_ruleset', $attributes, length($attributes), 0);
  my $allow = sub {
    my ($path, $rights) = @_;
    my $fd = syscall($NR{openat}, -100, "$path", 0x280000, 0);
    fail("landlock $path: $!") if $fd == -1;
    $rights &= $EXECUTE | $WRITE | $READ | $TRUNCATE | $IOCTL unless -d $path;
    call("landlock $path", 'landlock_add_rule', $rules, 1, pack('Ql', $rights & $files, $fd), 0);
    syscall($NR{close}, $fd);
  };
  my $may_run_all = grep { $_ eq '/' } @{$asked{run}};
  $allow->('/', $READ | $READ_DIR);
  $allow->($_, $EXECUTE | $READ | $READ_DIR) for @{$asked{run}};
  $allow->($_, $may_run_all ? $files : $files & ~$EXECUTE) for @{$asked{write}};
  $allow->($_, $READ | $WRITE | $TRUNCATE | $IOCTL) for @{$asked{device}};
  if ($version >= 4) {
    call('landlock port', 'landlock_add_rule', $rules, 2, pack('QQ', 2, $_), 0) for @{$asked{connect}};
  }
  call('landlock', 'landlock_restrict_self', $rules, 0);
  syscall($NR{close}, $rules);
}

sub numbers {
  opendir(my $folder, '/proc') or return ();
  return grep { /^\d+$/ } readdir($folder);
}

sub lines_of {
  open(my $file, '<', $_[0]) or return ();
  return <$file>;
}

# Ports that somebody listens at; the kernel writes that state as 0A. Where no network is granted there is no socket to do it
# with, and the kernel takes long to look through its tables.
sub listening {
  my %ports;
  return () unless @{$asked{relay}};
  for my $line (map { lines_of("/proc/net/$_") } qw(tcp tcp6)) {
    $ports{hex $1} = 1 if $line =~ /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A /;
  }
  return %ports;
}

# What still runs when the program has ended, by name, beside those given. Nobody sees it afterwards: it all ends now.
sub left_running {
  my %known = map { $_ => 1 } @_;
  my @names;
  for my $number (grep { !$known{$_} } numbers()) {
    my ($line) = lines_of("/proc/$number/stat");
    next unless defined $line && $line =~ /\((.*)\) (\w)/s && $2 ne 'Z';
    (my $name = $1) =~ s/[^A-Za-z0-9._+-]/?/g;
    push @names, $name;
  }
  @names = sort @names;
  return @names > 20 ? @names[0 .. 19] : @names;
}

${WATCH_SCRIPT}
my @program = @ARGV;
# This is the first process of the namespace: when it ends, the kernel ends every other one. It stays to say what they used,
# and lets nobody look into it.
call('dumpable', 'prctl', 4, 0, 0, 0, 0);
relay(@{$asked{relay}}) if @{$asked{relay}};
%ours = map { $_ => 1 } numbers();
# Of each of them the same is hidden.
for my $one (keys %ours) { push @{$asked{hidden}}, map { s{/1(?=/)}{/$one}gr } grep { m{^/proc/1/} } @{$asked{hidden}} if $one != 1 }
my %doors = listening();
socketpair(my $ours_to_hear, my $its_to_say, 1, 1, 0) or fail("watch: $!");
admitted();
my $child = fork();
fail("fork: $!") unless defined $child;
if ($child) {
  close($its_to_say);
  my $listener = received_descriptor($ours_to_hear);
  close($ours_to_hear);
  my $ended;
  if (defined $listener) { $ended = watch_over($child, $listener) }
  else { while ((my $one = wait()) > 0) { if ($one == $child) { $ended = $?; last } } }
  my %open = listening();
  my $ports = join(',', sort { $a <=> $b } grep { !$doors{$_} } keys %open);
  my $names = join(',', map { qq("$_") } left_running(keys %ours));
  my $usage = "\0" x 144;
  syscall($NR{getrusage}, -1, $usage);
  my ($user_s, $user_us, $system_s, $system_us, $rss_kib) = unpack('q5', $usage);
  my $cpu_ms = ($user_s + $system_s) * 1000 + int(($user_us + $system_us) / 1000);
  say_json(qq({"cpu_ms":$cpu_ms,"rss_kib":$rss_kib,"left":[$names],"ports":[$ports]}));
  exit(($ended & 127) ? 128 + ($ended & 127) : $ended >> 8);
}
sub filtered {
  my ($hex, @how) = @_;
  my $code = pack('H*', $hex);
  return syscall($NR{seccomp}, 1, @how, pack('Sx6P', length($code) / 8, $code));
}

# What it asks for is read from its memory, before it is another program too.
call('dumpable', 'prctl', 4, 1, 0, 0, 0);
call('no_new_privs', 'prctl', 38, 1, 0, 0, 0);
landlock();
limit(6, $asked{processes}[0]) if @{$asked{processes}};
# Where it runs in a sandbox that is watched already, the kernel is older than 5.5 (a call could be asked about and not be left
# to it), or lets nobody look into another process (Yama), it denies the same and nothing is told.
my ($scope) = lines_of('/proc/sys/kernel/yama/ptrace_scope');
my ($release) = lines_of('/proc/sys/kernel/osrelease');
my $may_watch = ($scope // 0) < 2 && ($release // '') =~ /^(\d+)\.(\d+)/ && ($1 > 5 || $1 == 5 && $2 >= 5);
# A caller that is being answered is not interrupted by its signals, where the kernel is of 5.19: it would ask again and again.
my $listener = -1;
for my $how (40, 8) { $listener = filtered($asked{watched}[0], $how) if $listener == -1 && $may_watch }
if ($listener != -1) { send_descriptor($its_to_say, $listener) }
elsif (filtered($asked{filter}[0], 0) == -1) { fail("filter: $!") }
close($its_to_say);
say_json(q({"started":true,"watched":) . ($listener == -1 ? 'false' : 'true') . '}');
close_all_but(@{$asked{keep}});
exec { $program[0] } @program;
my $why = $! + 0;
print STDERR "$program[0] cannot be started: $!\n";
exit($why == 13 ? 126 : 127);
`;
