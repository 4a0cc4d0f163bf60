import { type Details, defineFaults, kind } from "../kernel/index.ts";

type FieldProblem = Details & { path: string; field: string };

export const {
  catalogue: metadataFaults,
  raise,
  make,
} = defineFaults({
  METADATA_INVALID: kind<FieldProblem>(
    2,
    (d) => `Correct ${d.field} in ${d.path}, then run "pkg pack" again.`,
  ),
  METADATA_SYNTAX: kind<Details & { path: string; line?: number; column?: number }>(
    2,
    (d) =>
      `Correct ${d.path}${d.line === undefined ? "" : ` at line ${d.line}, column ${d.column ?? 1}`}, then run "pkg pack" again.`,
  ),
  METADATA_CONFLICT: kind<FieldProblem & { forms: readonly string[] }>(
    2,
    (d) => `Keep one value of ${d.field} in ${d.forms.join(" and ")}, then run "pkg pack" again.`,
  ),
  METADATA_ID_MISSING: kind<{ path: string }>(
    2,
    () => `Pass one: "pkg pack --src DIR --id PKG-T1-NAME-001".`,
  ),
  METADATA_ID_MISMATCH: kind<{ declared: string; given: string }>(
    2,
    (d) => `Run "pkg pack --id ${d.declared}" or correct the declared id.`,
  ),
  MANIFEST_MISSING: kind<{ archive: string }>(2, () => `Build the archive with "pkg pack --src DIR".`),
  MANIFEST_AMBIGUOUS: kind<{ archive: string; members: readonly string[] }>(
    2,
    () => `Build the archive with "pkg pack --src DIR", which writes exactly one manifest.`,
  ),
  MANIFEST_SYNTAX: kind<{ archive: string; problem: string }>(
    2,
    () => `Build the archive with "pkg pack --src DIR".`,
  ),
  MANIFEST_INVALID: kind<FieldProblem>(
    2,
    (d) => `Correct ${d.field} of the manifest, then build the archive again with "pkg pack".`,
  ),
  MANIFEST_SCHEMA_UNKNOWN: kind<{ archive: string; schema_version: string }>(
    2,
    () =>
      `Install a newer holdfast that knows this form ("pkg --version" shows yours), or build the archive again with "pkg pack".`,
  ),
  ASSET_MISSING: kind<{ path: string; archive: string }>(
    2,
    () => `Build the archive again from a complete tree with "pkg pack".`,
  ),
  ASSET_UNDECLARED: kind<{ path: string; archive: string }>(
    2,
    () => `Build the archive again with "pkg pack", which declares every file.`,
  ),
  ASSET_MISMATCH: kind<{ path: string; field: string; expected: string; actual: string }>(
    2,
    () => `Build the archive again with "pkg pack"; do not edit files inside it.`,
  ),
  ASSET_DUPLICATE: kind<{ path: string; archive: string }>(
    2,
    () => `Build the archive again with "pkg pack".`,
  ),
});
