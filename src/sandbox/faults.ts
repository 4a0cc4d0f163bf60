import { type Details, defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: sandboxFaults, make } = defineFaults({
  JAIL_NOT_STARTED: kind<Details & { layer: string }>(
    5,
    () => `Run "pkg doctor" as the user who owns the plane; it says which jail works on this machine.`,
  ),
  TEMP_UNUSABLE: kind<{ path: string; problem: string }>(
    5,
    (d) =>
      `Point TMPDIR to a folder this user can write ("export TMPDIR=/tmp") instead of ${d.path}, or free space there.`,
  ),
  JAIL_CANNOT_READ: kind<{ path: string; uid: number; mode: string }>(
    5,
    (d) => `Run the command as the user ${d.uid}, or run "chmod o+rX ${d.path}".`,
  ),
  SANDBOX_NOT_STARTED: kind<Details & { layer: string }>(
    5,
    () => `Run "pkg sandbox doctor"; it says what holds on this machine and what is missing.`,
  ),
  SANDBOX_LAYER_MISSING: kind<{ layer: string; reason: string; cure: string }>(
    5,
    (d) =>
      `Run "${d.cure}", or accept the weaker layer: pkg approve run-without-bubblewrap --reason "WHY" --days 7.`,
  ),
  SANDBOX_UNPROVEN: kind<Details & { claim: string; layer: string }>(
    5,
    () =>
      `Run "pkg sandbox doctor" and mend what it names, or accept the weaker layer: pkg approve run-without-bubblewrap --reason "WHY" --days 7.`,
  ),
  SANDBOX_TOO_MANY_PATHS: kind<{ glob: string; paths_max: number }>(
    3,
    (d) => `Grant a whole folder instead of ${d.glob}, as in "files.read:docs/**".`,
  ),
  JAIL_WOULD_EXPOSE: kind<Details & { path: string; inside: string }>(
    3,
    (d) => `Move ${d.path} out of ${d.inside}, or point HOLDFAST_HOME elsewhere; then run the command again.`,
  ),
});
