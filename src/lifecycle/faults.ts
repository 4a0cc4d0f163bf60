import { type Details, defineFaults, kind } from "../kernel/index.ts";
import { incomingKinds } from "./incoming-faults.ts";

type Subject = { package_id: string };
export const { catalogue: lifecycleFaults, make } = defineFaults({
  COMMITTED_UNRECORDED: kind<{ transaction_id: string; problem: string }>(
    4,
    () => `Mend the cause named above, then run "pkg doctor": it completes the record.`,
  ),
  COMMIT_UNCERTAIN: kind<{ transaction_id: string; problem: string }>(
    4,
    () => `Mend the cause named above, then run "pkg doctor": it finishes or undoes the change.`,
  ),
  // pack
  SOURCE_NOT_FOUND: kind<{ path: string }>(
    2,
    () => `Name an existing folder: "pkg pack --src modules/NAME".`,
  ),
  SOURCE_NOT_DIRECTORY: kind<{ path: string }>(
    2,
    () => `Name the folder that holds the file: "pkg pack --src DIR".`,
  ),
  SOURCE_HOLDS_PLANE: kind<{ path: string }>(
    2,
    () => `Name a folder below the plane: "pkg pack --src modules/NAME".`,
  ),
  SOURCE_EMPTY: kind<{ path: string }>(
    2,
    (d) =>
      `Put the files to pack into ${d.path}, or correct its .holdfastignore, then run "pkg pack --src DIR".`,
  ),
  SOURCE_UNPACKABLE: kind<{ path: string; found: string }>(
    2,
    (d) =>
      `Replace ${d.path} by a regular file, or name it in .holdfastignore, then run "pkg pack --src DIR".`,
  ),
  SOURCE_NAME_REFUSED: kind<Details & { path: string }>(
    2,
    (d) => `Rename ${d.path}, or name it in .holdfastignore, then run "pkg pack --src DIR".`,
  ),
  MANIFEST_NOT_BUILT: kind<Subject & { field: string }>(
    2,
    (d) => `Correct ${d.field} in the source metadata, then run "pkg pack --src DIR".`,
  ),
  SOURCE_CHANGED: kind<{ path: string }>(
    2,
    () => `Let nothing write into the folder and run "pkg pack" again.`,
  ),
  TARGET_REFUSED: kind<Details & { path: string; folder: string }>(
    3,
    (d) => `Choose a target outside ${d.folder}, for example "modules/NAME", then run "pkg pack --src DIR".`,
  ),
  VERSION_WAS_INSTALLED: kind<Subject & { version: string; stored: string; packed: string }>(
    3,
    (d) => `Raise the version above ${d.version} in the source metadata, then run "pkg pack --src DIR".`,
  ),
  VERSION_EXISTS: kind<Subject & { version: string; stored: string; packed: string }>(
    3,
    (d) =>
      `Raise the version above ${d.version}, or replace what was never installed: "pkg pack --src DIR --replace".`,
  ),
  // checks before install
  TOKEN_MISPLACED: kind<{ field: string }>(
    2,
    () =>
      `Pass the token by file: "pkg install ID --token-file FILE", and issue a new one: this one was shown.`,
  ),
  NOT_IN_STORE: kind<Subject & { path: string }>(
    2,
    () => `Pack it first with "pkg pack --src DIR", or name a file with --archive.`,
  ),
  REGISTERED_ARCHIVE_MISSING: kind<Subject & { version: string; path: string; archive: string | null }>(
    4,
    (d) =>
      d.archive === null
        ? `Put ${d.path} back from a backup, or keep what is installed: "pkg update ${d.package_id} --to '<${d.version}'".`
        : `Run "pkg update --archive ${d.archive} --id ${d.package_id}".`,
  ),
  DIGEST_MISMATCH: kind<Subject & { expected: string; actual: string; source: string }>(
    3,
    (d) =>
      `Fetch the right archive again ("pkg info ${d.package_id}" names the registered one), or vouch for these bytes yourself: add --digest ${d.actual}.`,
  ),
  NOT_REGISTERED: kind<Subject & { actual: string }>(
    3,
    (d) =>
      `Pack it with "pkg pack", which registers it, or vouch for these bytes yourself: add --digest ${d.actual}.`,
  ),
  ID_MISMATCH: kind<{ given: string; manifest: string }>(
    2,
    (d) => `Run "pkg install --id ${d.manifest} …" or name the right archive.`,
  ),
  PLAIN_ARCHIVE_FORBIDDEN: kind<{ path: string }>(
    3,
    () => `Pack it with "pkg pack", or allow plain archives in config/plane.toml.`,
  ),
  SPEC_NOT_REGISTERED: kind<Subject & { field: string; spec_id: string }>(
    3,
    (d) => `Register it with "pkg register ${d.spec_id}" once specs/${d.spec_id}/manifest.yaml exists.`,
  ),
  FRAMEWORK_NOT_REGISTERED: kind<Subject & { field: string; framework_id: string }>(
    3,
    (d) => `Register it with "pkg register ${d.framework_id} --title TITLE".`,
  ),
  FRAMEWORK_MISMATCH: kind<
    Subject & { field: string; spec_id: string; declared: string; registered: string }
  >(3, (d) => `Declare framework_id ${d.registered}, as ${d.spec_id} does, then run "pkg pack --src DIR".`),
  PATH_RESERVED: kind<Subject & { path: string; folder: string }>(
    3,
    () => `Move the asset out of the plane's own folders, then run "pkg pack --src DIR".`,
  ),
  PATH_OWNED: kind<Subject & { path: string; owner: string }>(
    3,
    (d) => `Uninstall ${d.owner} first, or rename the asset; "trace --explain ${d.path}" tells more.`,
  ),
  PATH_OCCUPIED: kind<Subject & { path: string; expected: string; actual: string }>(
    3,
    (d) =>
      `Move ${d.path} away or make it equal to the packaged file; "trace --explain ${d.path}" tells more.`,
  ),
  PATH_THROUGH_LINK: kind<Subject & { path: string; link: string }>(
    3,
    (d) => `Replace the link ${d.link} by a real folder; "trace --explain ${d.path}" tells more.`,
  ),
  ALREADY_INSTALLED: kind<Subject & { installed: string; wanted: string; command: string }>(3, (d) =>
    d.installed === d.wanted
      ? `Run "${d.command}" first, or raise the version and pack it with "pkg pack --src DIR".`
      : `Run "${d.command}" to replace ${d.installed}.`,
  ),
  DOWNGRADE_REFUSED: kind<Details & Subject & { installed: string; wanted: string }>(
    3,
    (d) =>
      `Run "pkg update ${d.package_id} --to ${d.wanted} --allow-downgrade", or "pkg rollback ${d.package_id}" for what was there before.`,
  ),
  DEPENDENCY_CONFLICT: kind<
    Details &
      Subject & { dependency: string; range: string; chain: readonly string[]; available: readonly string[] }
  >(
    3,
    (d) =>
      `Pack or fetch a ${d.dependency} that satisfies all of them ("pkg list" shows what there is), or relax one of the ranges named above, then run "pkg pack --src DIR".`,
  ),
  SPACE_SHORT: kind<{ needed_bytes: number; free_bytes: number }>(
    5,
    (d) => `Free at least ${d.needed_bytes - d.free_bytes} bytes and run the command again.`,
  ),
  // uninstall
  NOT_INSTALLED: kind<Details & Subject>(1, () => `Run "pkg list" to see what is installed.`),
  NEEDED_BY_OTHERS: kind<Subject & { dependents: readonly string[] }>(
    3,
    (d) => `Uninstall ${d.dependents.join(", ")} first: "pkg uninstall --id ${d.dependents[0] ?? ""}".`,
  ),
  INSTALLED_DRIFTED: kind<Details & Subject & { paths: readonly string[] }>(
    3,
    (d) =>
      `Look at them with "trace --explain ${d.paths[0] ?? ""}", then pass --accept-drift to keep copies and go on.`,
  ),
  // health check
  UNHEALTHY: kind<Details & Subject & { check: string; verdict: string; reason: string }>(6, (d) =>
    d["is_unjailed"] === true
      ? `Install bubblewrap, or accept checks without a jail: "pkg approve health-without-jail --reason REASON --days 14".`
      : `Mend check "${d.check}" in the source of ${d.package_id}, then pack it with a higher version: "pkg pack --src DIR".`,
  ),
  RESTORED_DIFFERS: kind<{ paths: readonly string[]; checked: number }>(
    6,
    () =>
      `Run "integrity-check", then "pkg update ID --to VERSION --allow-downgrade" to take it from the store.`,
  ),
  // rollback
  NO_EARLIER_VERSION: kind<Subject & { available: readonly string[] }>(
    3,
    (d) => `Run "pkg history ${d.package_id}" to see what can be had, or "pkg uninstall ${d.package_id}".`,
  ),
  GENERATION_GONE: kind<{ generation: number; kept: readonly number[] }>(
    3,
    () => `Run "pkg status" to see which generations are kept.`,
  ),
  UNDO_NOT_POSSIBLE: kind<{ operation: string; subject: string; generation: number; reverse: string }>(
    3,
    (d) => `Run "${d.reverse}" instead.`,
  ),
  UNDO_OVERTAKEN: kind<{ generation: number; in_force: number }>(
    3,
    () => `Look at the newer change with "pkg status", then run "pkg undo" again if it is the one to undo.`,
  ),
  NOT_MARKED_GOOD: kind<{ generation: number; marked: readonly number[] }>(
    1,
    () => `Run "pkg status" to see which generations are marked good.`,
  ),
  NOTHING_TO_UNDO: kind<{ kept: readonly number[] }>(1, () => `Run "pkg history" to see what was done.`),
  KEPT_BYTES_MISSING: kind<Subject & { version: string; paths: readonly string[] }>(
    4,
    (d) => `Put packages_store/${d.package_id}-${d.version}.tar.gz back and run the command again.`,
  ),
  RESTORE_SOURCE_MISSING: kind<Subject & { version: string; digest: string }>(
    4,
    (d) =>
      `Put the archive with sha256 ${d.digest} back as packages_store/${d.package_id}-${d.version}.tar.gz and run "integrity-check --fix" again.`,
  ),
  MEMORY_DAMAGED: kind<{ path: string }>(
    4,
    (d) => `Delete ${d.path}: at worst an empty folder stays behind.`,
  ),
  // plugins
  PLUGIN_SECTION_MISSING: kind<Subject>(3, (d) => `Run "pkg install ${d.package_id}".`),
  // registry
  ARTIFACT_PATH: kind<{ id: string; path: string }>(
    2,
    () => `Name an existing file of the plane: "pkg register ID --path lib/x.py".`,
  ),
  NOTHING_TO_REGISTER: kind<{ id: string }>(
    1,
    () => `Pack the package first with "pkg pack --src DIR", or write the spec pack.`,
  ),
  SPEC_SYNTAX: kind<{ path: string; problem: string }>(
    2,
    (d) => `Correct ${d.path} and run the command again.`,
  ),
  SPEC_NOT_FOUND: kind<{ spec_id: string }>(
    1,
    (d) => `Write specs/${d.spec_id}/manifest.yaml with spec_id: ${d.spec_id} and a framework_id.`,
  ),
  ROW_REFUSED: kind<{ id: string; field: string; finding: string; path: string }>(
    2,
    (d) => `Correct what it says of ${d.id} and run the command again; "pkg info ${d.id}" shows the row.`,
  ),
  REFERENCE_UNREGISTERED: kind<{ id: string; field: string; target: string }>(
    3,
    (d) => `Register it first: "pkg register ${d.target}".`,
  ),
  STILL_USED: kind<{ id: string; registered: readonly string[]; installed: readonly string[] }>(3, (d) =>
    d.installed[0] === undefined
      ? `Give ${d.registered[0] ?? "them"} another one with "pkg register", or remove it first: "pkg unregister ${d.registered[0] ?? "ID"}".`
      : `Uninstall ${d.installed[0]} first: "pkg uninstall ${d.installed[0]}".`,
  ),
  STILL_INSTALLED: kind<Subject>(3, (d) => `Uninstall it first: "pkg uninstall --id ${d.package_id}".`),
  ...incomingKinds,
  EVIDENCE_OTHER_BYTES: kind<{ package_id: string; version: string; tested: string; stored: string }>(
    3,
    (d) =>
      d.stored === ""
        ? `Pack it first, then run "golden run ${d.package_id}@${d.version} --record".`
        : `Run "golden run ${d.package_id}@${d.version} --record", which tests what the store holds.`,
  ),
  PLANE_EXISTS: kind<{ path: string }>(2, () => `Use it as it is; "pkg list" shows what is installed.`),
  INIT_FOUND_UNUSABLE: kind<{ path: string; problem: string }>(
    2,
    (d) => `Nothing was changed. Mend ${d.path} or move it away, then run "pkg init" again.`,
  ),
  INIT_TARGET_REFUSED: kind<{ path: string; reason: string }>(
    2,
    () => `Name a folder of your own: "pkg init DIR".`,
  ),
});
