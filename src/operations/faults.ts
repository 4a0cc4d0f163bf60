import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: operationFaults, make } = defineFaults({
  INPUT_MISSING: kind<{ field: string; command: string }>(
    2,
    (d) => `Run "${d.command} --help" to see what it needs.`,
  ),
  INPUT_CONFLICT: kind<{ fields: readonly string[]; command: string }>(
    2,
    (d) => `Leave one of them out; "${d.command} --help" says what goes together.`,
  ),
  PACKAGE_ID_MALFORMED: kind<{ id: string; command: string }>(
    2,
    (d) => `Run "pkg list" for the ids that are known, and "${d.command} --help" for how a version is named.`,
  ),
  EVENT_RESERVED: kind<{ event: string }>(3, (d) => `Choose a name of your own, such as "site.${d.event}".`),
  GIVEN_FILE_TOO_LARGE: kind<{ path: string; bytes_max: number }>(
    2,
    () => `Name the proof, checkpoint, entry or list of keys itself; none of them is so large.`,
  ),
  GOLDEN_REPORT_INVALID: kind<{ path: string }>(
    2,
    (d) => `Write ${d.path} anew: "golden run --shard 1/2 --json > ${d.path}".`,
  ),
  INDEX_UNAVAILABLE: kind<{ path: string }>(
    5,
    () =>
      `Make .holdfast/cache writable for this user, or go on without: every answer comes from the files then.`,
  ),
  ENTRY_UNKNOWN: kind<{ entry: string }>(
    1,
    () => `Run "pkg ledger tail" to see ids, or name the stream of a number with --stream.`,
  ),
  STREAM_UNKNOWN: kind<{ stream: string }>(
    1,
    () => `Run "pkg ledger verify" to see which ledgers there are, and whether one is gone.`,
  ),
  TIME_INVALID: kind<{ field: string; value: string }>(
    2,
    () => `Write a time such as 2026-11-21 or 2026-11-21T10:00:00Z.`,
  ),
  EXPORT_TOO_LARGE: kind<{ entries_max: number; command: string }>(
    2,
    (d) => `Run "${d.command} --out FILE".`,
  ),
  WITNESSES_TOO_FEW: kind<{ wanted: number; named: number }>(
    2,
    () => `Name as many with --witness KEY or --witness FILE; "pkg ledger cosign" prints a witness's key.`,
  ),
  ID_UNKNOWN: kind<{ id: string; near: readonly string[] }>(1, (d) =>
    d.near.length === 0 ? `Run "pkg list" to see what is known.` : `Try "pkg info ${d.near[0]}".`,
  ),
  REPORT_UNREADABLE: kind<{ path: string; problem: string }>(
    2,
    () => `Write one with "golden run --json > report.json".`,
  ),
  CODE_UNKNOWN: kind<{ code: string; near: readonly string[] }>(1, (d) =>
    d.near.length === 0 ? `Run "pkg explain --list" to see every code.` : `Try "pkg explain ${d.near[0]}".`,
  ),
});
