import { type Details, defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: planeFaults, make } = defineFaults({
  PLANE_NOT_FOUND: kind<{ path: string }>(
    2,
    (d) => `Make one with "pkg init ${d.path}", or name one with --root DIR.`,
  ),
  OUT_UNWRITABLE: kind<{ path: string; problem: string }>(
    5,
    () => `Name a file in a folder that you can write with --out, or leave --out away to print the report.`,
  ),
  OUTPUT_REFUSED: kind<{ path: string }>(
    3,
    () => `Name a file in a folder of your own, such as --out ~/holdfast-output.txt.`,
  ),
  PLANE_CONFIG_INVALID: kind<Details & { path: string; field: string; line?: number }>(
    4,
    (d) => `Correct ${d.field} in ${d.path}, then run "integrity-check".`,
  ),
  PLANE_FORMAT_NEWER: kind<{ path: string; found: number; supported: number }>(
    5,
    (d) => `Install a holdfast that reads plane format ${d.found} ("pkg --version" shows yours).`,
  ),
  PLANE_BUSY: kind<{ path: string; waited_ms: number }>(
    5,
    () => `Wait for the other command to end, or pass --wait SECONDS to wait longer.`,
  ),
  PLANE_READ_ONLY: kind<{ path: string }>(
    5,
    (d) => `Make ${d.path} writable for this user ("ls -ld ${d.path}" shows its mode).`,
  ),
  PLANE_DISK_FULL: kind<{ path: string }>(
    5,
    () => `Free space on that file system ("df -h" shows it) and run the command again.`,
  ),
  PLANE_PATH_TOO_LONG: kind<{ path: string; bytes: number; bytes_max: number }>(
    5,
    (d) => `Move the plane to a path of at most ${d.bytes_max} bytes and run the command there.`,
  ),
  PLANE_DISK_FAILED: kind<{ path: string; problem: string }>(
    5,
    () => `Check the disk ("dmesg" names it) and run the command again; nothing was changed.`,
  ),
  PLANE_LOCK_DAMAGED: kind<{ path: string; problem: string }>(
    4,
    (d) => `End every other command, move ${d.path} away, and run the command again: it is made anew.`,
  ),
  STATE_DAMAGED: kind<{ path: string }>(
    4,
    (d) =>
      `Restore ${d.path} from a backup, or make it anew with "rm -r ${d.path} && integrity-check --record".`,
  ),
  RECOVERY_PENDING: kind<{ transactions: readonly string[] }>(
    4,
    () =>
      `Run any pkg command as a user who can write the plane, for example "pkg doctor": it finishes or undoes the change.`,
  ),
  TRANSACTION_IN_PROGRESS: kind<{ path: string }>(
    4,
    () => `Run the command again when the other one has ended.`,
  ),
  REGISTRY_INVALID: kind<{ findings: readonly Details[] }>(
    4,
    () => `Run "pkg registry validate" and correct the cells it names.`,
  ),
});
