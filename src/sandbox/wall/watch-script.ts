import { JUDGE_SCRIPT } from "./judge-script.ts";

/**
 * Part of the first process of the namespace: the kernel asks it about calls that are denied, or may be. What is denied it denies,
 * and tells on the channel of the wall, which the program does not hold. The rest the kernel decides.
 */
export const WATCH_SCRIPT = String.raw`
${JUDGE_SCRIPT}my %watched = map { my ($number, @rule) = split / /; ($number => \@rule) } @{$asked{watch}};
my %told;
# Beyond it each is told, however often: what comes last must not hide behind what came first.
my $TOLD_APART_MAX = 1024;

# The program sends the descriptor of its filter to us, who answer: with a call that nobody has to answer.
sub send_descriptor {
  my ($socket, $fd) = @_;
  my ($byte, $control) = ('x', pack('Qlllx4', 20, 1, 1, $fd));
  my $part = pack('PQ', $byte, 1);
  my $message = pack('QQPQPQQQ', 0, 0, $part, 1, $control, 24, 0, 0);
  call('watch', 'sendmmsg', fileno($socket), $message, 1, 0);
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

sub report {
  my ($rule, $subject) = @_;
  # A worker cannot tell one call from the next, and each is to have its own record.
  if (!$ENV{HOLDFAST_WORKER}) {
    return if $told{"$rule $subject"};
    $told{"$rule $subject"} = 1 if keys %told < $TOLD_APART_MAX;
  }
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
  my ($pid, $number, $machine, @arguments) = @_;
  # The second numbering of a machine is denied as a whole, and so is what speaks as another machine.
  my $unknown = ['deny', "call $number" . ($machine == $NR{AUDIT_ARCH} ? '' : ' of another machine'), 'system',
    $number >= 0x40000000 || $machine != $NR{AUDIT_ARCH} ? 38 : 1];
  my ($verb, $name, @more) = @{$machine == $NR{AUDIT_ARCH} && $watched{$number} || $unknown};
  my @denied = eval { $judged{$verb}->($pid, $name, \@arguments, @more) };
  # A mistake of ours must not look like a call that was let through.
  @denied = (['system', "$name, which could not be judged"]) if $@;
  report(@$_[0, 1]) for @denied;
  return $more[-1] if $verb eq 'deny' || $verb eq 'socket';
  return @denied ? $denied[0][2] // 0 : 0;
}

sub answer {
  my ($listener) = @_;
  my $asked = "\0" x 80;
  # Whoever asked may be gone.
  return if syscall($NR{ioctl}, $listener, 0xc0502100, $asked) == -1;
  my ($id, $pid, undef, $number, $machine, undef, @arguments) = unpack('QLLLLQQ6', $asked);
  my $error = decide($pid, $number, $machine, @arguments);
  my $reply = pack('QqlL', $id, 0, -$error, $error ? 0 : 1);
  syscall($NR{ioctl}, $listener, 0xc0182101, $reply);
}

# Answers until the program has ended. @returns how it ended, as wait says it
sub watch_over {
  my ($child, $listener) = @_;
  my $ends = pack('Q', 1 << 16);
  call('signals', 'rt_sigprocmask', 0, $ends, 0, 8);
  my $ended = call('signals', 'signalfd4', -1, $ends, 8, 0x80800);
  # It may have ended before its signal was kept for us.
  while ((my $one = waitpid(-1, 1)) > 0) { return $? if $one == $child }
  while (1) {
    my $ready = '';
    vec($ready, $_, 1) = 1 for $ended, $listener;
    next if select($ready, undef, undef, undef) < 0;
    if (vec($ready, $ended, 1)) {
      my $said = "\0" x 1280;
      syscall($NR{read}, $ended, $said, length $said);
      while ((my $one = waitpid(-1, 1)) > 0) { return $? if $one == $child }
    }
    answer($listener) if vec($ready, $listener, 1);
  }
}
`;
