import { defineFaults, kind } from "../kernel/index.ts";

export const {
  catalogue: harnessFaults,
  make,
  raise,
} = defineFaults({
  SCENARIO_INVALID: kind<{ path: string; field: string; line: number; column: number }>(
    2,
    (d) => `Correct ${d.field} in ${d.path}:${d.line}, then run "golden check ${d.path}".`,
  ),
  SCENARIO_PACKAGE: kind<{ path: string; package: string }>(
    2,
    (d) => `Correct packages.${d.package} in ${d.path}, then run "golden check ${d.path}".`,
  ),
  SCENARIO_NEW_NAME: kind<{ path: string }>(2, () => `Name it so: "golden new golden/first.toml".`),
  SCENARIO_NEW_PACKAGE: kind<{ path: string }>(
    2,
    (d) => `Name the package: "golden new ${d.path} --canonical --package modules/yours".`,
  ),
  SCENARIO_NEW_TAKEN: kind<{ path: string }>(
    3,
    (d) => `Choose another name, or judge what is there: "golden check ${d.path}".`,
  ),
  NOTHING_TO_CHECK: kind<{ path: string }>(
    2,
    () => `Name a scenario, or write one with "golden new golden/first.toml".`,
  ),
  SUBJECT_UNKNOWN: kind<{ subject: string; near: readonly string[] }>(1, (d) =>
    d.near.length === 0
      ? `Run "golden run --list" to see what can be run.`
      : `Try "golden run ${d.near[0]}", or "golden run --list" for all.`,
  ),
  NOTHING_TO_RUN: kind<{ path: string }>(
    2,
    () => `Name a scenario, a source folder or a package, or write one with "golden new golden/first.toml".`,
  ),
  SHARD_INVALID: kind<{ shard: string }>(2, () => `Name a part and the whole: "golden run --shard 1/4".`),
  MERGE_REFUSED: kind<{ path: string; other: string | undefined }>(
    2,
    (d) => `Run the shards anew from one checkout, or leave ${d.path} out of "golden merge".`,
  ),
  HOST_INVALID: kind<{ path: string }>(2, (d) => `Correct ${d.path}, then run "golden matrix" again.`),
  HOST_UNTRUSTED: kind<{
    hosts: readonly string[];
    path: string;
    command: readonly string[];
    subject: string;
  }>(
    3,
    (d) =>
      `Read ${d.path} and what it starts; if you trust it, run "golden matrix ${d.subject} --trust-hosts".`,
  ),
  MATRIX_AXIS: kind<{ word: string; near: readonly string[] }>(1, (d) =>
    d.near.length === 0
      ? "Put a host program below golden/hosts."
      : `Name one of ${d.near.join(", ")} with --hosts.`,
  ),
  MATRIX_INVALID: kind<{ path: string; field: string }>(
    2,
    (d) => `Correct ${d.field} in ${d.path}, then run "golden matrix" again.`,
  ),
  MATRIX_NO_PLUGIN: kind<{ package_id: string }>(
    2,
    () => `Name the source of a plugin; other packages have lives: "golden run".`,
  ),
  HARNESS_FAILED: kind<Record<string, never>>(
    5,
    () => 'Run "golden run" with --workers 1 and --keep to see where, and report it.',
  ),
  WORLD_FAILED: kind<{ operation: string; code: string }>(
    5,
    (d) => `Run "pkg explain ${d.code}" for what it means; the plane under test could not be made.`,
  ),
});
