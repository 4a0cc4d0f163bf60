/** The checks of registries: complete, sorted findings; nothing is changed and nothing thrown for bad data. */
import { type Finding, REGISTRY_NAMES, type RegistryName } from "../contracts/index.ts";
import { compareCodePoints, sortedBy } from "../kernel/index.ts";
import { FileCheck } from "./check-file.ts";
import { checkDependencies } from "./check-packages.ts";
import { quoted } from "./findings.ts";
import { registryFile, registryPath } from "./raw-rows.ts";
import type { ReadFs } from "./scan.ts";

interface Link {
  readonly from: RegistryName;
  readonly column: string;
  readonly to: RegistryName;
  /** An error where the reference decides something; a note where older planes are known to leave it open. */
  readonly severity: "error" | "note";
}

/** Which column names a row of which other registry. */
const LINKS: readonly Link[] = [
  { from: "specs_registry", column: "framework_id", to: "frameworks_registry", severity: "error" },
  { from: "packages_registry", column: "source_spec_id", to: "specs_registry", severity: "note" },
  { from: "packages_state", column: "package_id", to: "packages_registry", severity: "note" },
  { from: "control_plane_registry", column: "source_spec_id", to: "specs_registry", severity: "note" },
];

/** Checks one registry by itself: form, keys, cells, and dependencies within packages_registry. */
export function checkRegistry(fs: ReadFs, path: string, name: RegistryName): Finding[] {
  return checkFile(fs, path, name).findings.sorted();
}

/**
 * Checks all six registries of a directory (absolute path) and the references between them. Sorted by path. Those in `except`
 * are known to be sound; only one that no other refers to or from may be left out.
 */
export function checkRegistries(
  fs: ReadFs,
  directory: string,
  except: ReadonlySet<RegistryName> = new Set(),
): Finding[] {
  const checks = new Map<RegistryName, FileCheck>();
  for (const name of REGISTRY_NAMES.filter((one) => !except.has(one)))
    checks.set(name, checkFile(fs, `${directory}/${registryFile(name)}`, name));
  for (const link of LINKS) {
    const [source, target] = [checks.get(link.from), checks.get(link.to)];
    if (source !== undefined && target !== undefined)
      checkLink(link, source, {
        lines: target.lines,
        is_readable: target.is_readable,
        path: target.findings.path,
      });
  }
  return sortedBy(checks.values(), (check) => check.findings.path).flatMap((check) =>
    check.findings.sorted(),
  );
}

/** Checks packages_state alone, against the ids of a packages_registry that is sound. */
export function checkPackagesState(
  fs: ReadFs,
  directory: string,
  package_ids: ReadonlySet<string>,
): Finding[] {
  const name = "packages_state";
  const check = checkFile(fs, `${directory}/${registryFile(name)}`, name);
  const target = { lines: package_ids, is_readable: true, path: registryPath("packages_registry") };
  for (const link of LINKS) if (link.from === name) checkLink(link, check, target);
  return check.findings.sorted();
}

function checkFile(fs: ReadFs, path: string, name: RegistryName): FileCheck {
  const columns = LINKS.filter((link) => link.from === name).map((link) => link.column);
  const check = new FileCheck(name, columns);
  check.read(fs, path);
  checkDependencies(check.packages, check.findings);
  return check;
}

function checkLink(
  { column, severity }: Link,
  source: FileCheck,
  target: {
    readonly lines: { has(key: string): boolean };
    readonly is_readable: boolean;
    readonly path: string;
  },
): void {
  // A registry that cannot be read has its own finding; a hundred missing references would only hide it.
  if (!target.is_readable) return;
  const values = [...(source.references.get(column) ?? [])].sort((a, b) => compareCodePoints(a[0], b[0]));
  for (const [value, { at, count }] of values) {
    if (target.lines.has(value)) continue;
    const rows = count === 1 ? "" : ` (in ${count} rows)`;
    source.findings.add(
      "REGISTRY_REFERENCE_MISSING",
      `${column} ${quoted(value)} is not in ${target.path}${rows}`,
      {
        at,
        field: column,
        actual: value,
        severity,
      },
    );
  }
}
