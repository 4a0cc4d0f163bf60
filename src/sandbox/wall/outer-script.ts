/**
 * Runs before bubblewrap, on our side of the wall: enters the control groups, sets limits, gives up root and becomes bubblewrap.
 * Its argument is a file of directives, NUL-separated: a word, a count, and so many texts.
 *
 * Root gives up its user for good. What only root may pass or read is first taken by descriptors, name by name without
 * following a link, and laid into an empty folder of a mount namespace of its own; there it belongs to the new user (an
 * id-mapped mount), and a file that user makes belongs to the owner of the folder outside.
 */
import { BROKER_FD, DENIALS_FD, STATUS_FD } from "./perl-common.ts";

/** Where staged paths are while bubblewrap starts; nobody else sees it. */
export const STAGE = "/tmp";

export const OUTER_SCRIPT = String.raw`
my ($MS_REC, $MS_PRIVATE, $MS_NOSUID, $MS_NODEV) = (0x4000, 0x40000, 2, 4);
my ($O_PATH, $O_CLOEXEC, $FDCWD) = (0x200000, 0x80000, -100);
my ($EMPTY_PATH, $RECURSIVE, $CLONE, $IDMAP) = (0x1000, 0x8000, 1, 0x100000);
my (%spaces, @ended);

# A user namespace in which one owner is another, for a mount. It ends with the last descriptor.
sub space {
  my ($from, $to) = @_;
  return $spaces{"$from $to"} if $spaces{"$from $to"};
  pipe(my $ready, my $is_ready); pipe(my $done, my $is_done);
  my $child = fork();
  fail("fork: $!") unless defined $child;
  if ($child == 0) {
    close($is_done);
    call('user namespace', 'unshare', 0x10000000);
    syswrite($is_ready, 'r'); sysread($done, my $end, 1);
    kill 'KILL', $$;
  }
  close($is_ready); sysread($ready, my $said, 1) or fail('no user namespace could be made');
  for my $map ('uid_map', 'gid_map') {
    open(my $file, '>', "/proc/$child/$map") or fail("$map: $!");
    defined(syswrite($file, "$from $to 1")) or fail("$map: $!");
  }
  open(my $space, '<', "/proc/$child/ns/user") or fail("user namespace: $!");
  close($is_done); push @ended, $child;
  return $spaces{"$from $to"} = $space;
}

sub opened {
  my ($path) = @_;
  my $fd = call('open /', 'openat', $FDCWD, "/", $O_PATH | $O_CLOEXEC, 0);
  for my $name (grep { length } split m{/}, $path) {
    my $below = call("open $path", 'openat', $fd, "$name", $O_PATH | $NR{O_NOFOLLOW} | $O_CLOEXEC, 0);
    syscall($NR{close}, $fd);
    $fd = $below;
  }
  my $mode = (stat("/proc/self/fd/$fd"))[2];
  fail("a link stands at $path") if ($mode & 0170000) == 0120000;
  return ($fd, ($mode & 0170000) == 0040000);
}

sub take {
  my ($path, $owner, $use, $user) = @_;
  my ($fd, $is_folder) = opened($path);
  my $tree = call("take $path", 'open_tree', $fd, "", $CLONE | $O_CLOEXEC | $RECURSIVE | $EMPTY_PATH);
  syscall($NR{close}, $fd);
  if ($owner != $user) {
    my $attributes = pack('QQQQ', $IDMAP, 0, 0, fileno(space($owner, $user)));
    my $nothing = '';
    my $done = syscall($NR{mount_setattr}, $tree, $nothing, $EMPTY_PATH, $attributes, 32);
    # Where the file system cannot, what others may read is still readable.
    fail("$path cannot be shown under another user: $!") if $done == -1 && $use eq 'write';
  }
  return ($tree, $is_folder);
}

sub stage {
  my ($user, @asked) = @_;
  call('mount namespace', 'unshare', 0x20000);
  call('private mounts', 'mount', "none", "/", 0, $MS_REC | $MS_PRIVATE, 0);
  my @taken;
  while (my ($path, $owner, $use) = splice(@asked, 0, 3)) { push @taken, [take($path, $owner, $use, $user)] }
  call('stage', 'mount', "stage", "${STAGE}", "tmpfs", $MS_NOSUID | $MS_NODEV, "mode=0755,size=1m");
  umask(022);
  my $number = 0;
  for my $one (@taken) {
    my ($tree, $is_folder) = @$one;
    my $at = "${STAGE}/" . $number++;
    if ($is_folder) { mkdir($at) or fail("$at: $!") } else { open(my $file, '>', $at) or fail("$at: $!") }
    call('stage', 'move_mount', $tree, "", $FDCWD, "$at", 4);
    syscall($NR{close}, $tree);
  }
  # The namespaces were only needed to make the mounts.
  %spaces = ();
  waitpid($_, 0) for @ended;
  chdir('/');
}

sub drop {
  my ($user) = @_;
  call('groups', 'setgroups', 0, 0);
  call('group', 'setresgid', 0 + $user, 0 + $user, 0 + $user);
  call('user', 'setresuid', 0 + $user, 0 + $user, 0 + $user);
}

open(my $file, '<:raw', $ARGV[0]) or fail("directives: $!");
my @rest = do { local $/; split(/\0/, <$file>, -1) };
close($file);
close_all_but(${STATUS_FD}, ${DENIALS_FD}, ${BROKER_FD});
my %opened;
my @command;
my %do = (
  group => sub {
    for my $path (@_) {
      open(my $group, '>', "$path/cgroup.procs") or fail("$path: $!");
      defined(syswrite($group, $$)) or fail("$path: $!");
    }
  },
  limit => sub { limit(@_) },
  open => sub { my ($name, $path) = @_; open($opened{$name}, '<', $path) or fail("$name: $!") },
  stage => sub { stage(@_) },
  drop => sub { drop(@_) },
  command => sub { @command = @_ },
);
while (defined(my $word = shift @rest)) {
  last if $word eq '';
  my $count = shift @rest;
  $do{$word}->(splice(@rest, 0, $count));
}
# The first to go when the machine runs out of memory.
if (open(my $score, '>', '/proc/self/oom_score_adj')) { syswrite($score, '1000') }
call('parent', 'prctl', 1, 9, 0, 0, 0);
fail('the caller is gone') if getppid() == 1;
# Of the info that bubblewrap writes: it closes this descriptor, and keeps the other.
open($opened{info}, '>&', ${STATUS_FD}) or fail("status: $!");
@command = map { /^\@(\w+)$/ ? fileno($opened{$1}) : $_ } @command;
exec { $command[0] } @command or fail("$command[0]: $!");
`;
