import { type Details, defineFaults, kind } from "../kernel/index.ts";
import { again } from "../metadata/index.ts";

/** `field` is the JSON pointer in the manifest. */
type Subject = { package_id: string };
type At = Subject & { field: string };
/** `judged` is what "pkg preflight" is told to judge again; absent at the door. */
type Judged = At & { judged?: string | undefined };

export const { catalogue: preflightFaults, make } = defineFaults({
  PREFLIGHT_SUBJECT_MISSING: kind<{ subject: string }>(
    2,
    () => `Name a manifest, its folder, an archive or a package id: "pkg preflight modules/NAME".`,
  ),
  CHANGES_UNKNOWN: kind<{ base: string; problem: string }>(
    2,
    () => `Fetch the whole history and name a branch or commit of it: "pkg preflight --changed origin/main".`,
  ),
  // what a package needs of the plane it enters
  TIER_DIRECTION: kind<Judged & { tier: string; dependency: string; dependency_tier: string }>(
    3,
    (d) =>
      `Remove the dependency on ${d.dependency} or raise the tier of ${d.package_id} to ${d.dependency_tier}, ${again(d)}`,
  ),
  DEPENDENCY_MISSING: kind<Details & Subject & { dependency: string; range: string }>(
    3,
    (d) => `Install it first: "pkg install --id ${d.dependency}".`,
  ),
  DEPENDENCY_RANGE: kind<At & { dependency: string; range: string; installed: string }>(
    3,
    (d) =>
      `Bring in one that fits, "pkg update ${d.dependency} --to '${d.range}'", or widen the range so that it holds ${d.installed}, then run "pkg pack --src DIR".`,
  ),
  DEPENDENT_RANGE: kind<At & { dependent: string; range: string; wanted: string }>(
    3,
    (d) =>
      `Update or uninstall ${d.dependent} first: "pkg update ${d.dependent}", or choose a version in ${d.range}.`,
  ),
  RANGE_INVALID: kind<Judged & { range: string }>(
    2,
    (d) => `Write ${d.field} as a semver range such as ^1.0.0, ${again(d)}`,
  ),
  CONFLICT_INSTALLED: kind<Details & Subject & { conflict: string }>(
    3,
    (d) => `Uninstall it first: "pkg uninstall --id ${d.conflict}".`,
  ),
  COMPAT_UNMET: kind<Judged & { runtime: string; range: string; found: string }>(3, (d) =>
    d.found === "none"
      ? `Install ${d.runtime} in ${d.range}, ${again(d)}`
      : `Provide ${d.runtime} in ${d.range}, or widen ${d.field} so that it holds ${d.found}, for example "${d.range} || ${d.found}", ${again(d)}`,
  ),
  // what a plugin asks for
  PLANE_CAPABILITY_MISSING: kind<Judged & { capability: string; offered: readonly string[] }>(
    3,
    (d) =>
      `Remove ${JSON.stringify(d.capability)} from plugin.requires (offered: ${d.offered.join(", ")}), or use a holdfast that offers it ("pkg --version" shows yours), ${again(d)}`,
  ),
  ELEVATION_MISSING: kind<Judged & { permission: string; plugin_kind: string }>(
    3,
    (d) =>
      `Add { permission = ${JSON.stringify(d.permission)}, reason = "why it is needed" } to plugin.elevated, or drop the permission, ${again(d)}`,
  ),
  ELEVATION_NEEDLESS: kind<Judged & { permission: string }>(3, (d) =>
    d.judged === undefined
      ? `Remove the entry from plugin.elevated, ${again(d)}`
      : `Remove the entry: "pkg preflight ${d.judged} --fix".`,
  ),
});
