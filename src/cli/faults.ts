import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: cliFaults, make } = defineFaults({
  USAGE: kind<{ command: string }>(2, (d) => `Run "${d.command} --help" for what it takes.`),
  COMMAND_UNKNOWN: kind<{ command: string; near: readonly string[]; program: string }>(2, (d) =>
    d.near.length === 0
      ? `Run "${d.program} --help" for the commands.`
      : `Did you mean "${d.program} ${d.near[0]}"?`,
  ),
  INPUT_INVALID: kind<{ field: string; command: string }>(
    2,
    (d) => `Correct ${d.field}; "${d.command} --help" says what it takes.`,
  ),
  /** A signal ended a command that changes nothing; one that does is INTERRUPTED and undone. */
  STOPPED: kind<{ command: string }>(130, (d) => `Run "${d.command}" again.`),
  DISK_FULL: kind<{ path: string }>(
    5,
    () => `Free space on that file system ("df -h" shows it) and run the command again.`,
  ),
  PERMISSION_DENIED: kind<{ path: string }>(
    5,
    (d) => `Give this user access to ${d.path} ("ls -ld ${d.path}" shows its mode).`,
  ),
  READ_ONLY_FILE_SYSTEM: kind<{ path: string }>(
    5,
    () => `Remount the file system writable, or copy the plane to one that is.`,
  ),
  FILE_MISSING: kind<{ path: string }>(2, (d) => `Check that ${d.path} exists ("ls -l ${d.path}").`),
  TOO_MANY_OPEN_FILES: kind<{ path: string }>(
    5,
    () => `Raise the limit ("ulimit -n 4096") and run the command again.`,
  ),
  PATH_NOT_USABLE: kind<{ path: string }>(
    2,
    () =>
      `Put a regular file of valid text there, or name another path; "integrity-check" shows what else is odd.`,
  ),
  INPUT_OUTPUT_ERROR: kind<{ path: string }>(
    5,
    () => `Check the disk ("dmesg" names it) and run the command again.`,
  ),
});
