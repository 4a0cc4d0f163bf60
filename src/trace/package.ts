/** A package: what it is, where it is installed by whom, its bytes now, what it needs, who needs it. */
import type { PackageTrace, Row, TracedFile } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import type { Installed } from "../receipts/index.ts";
import { parseDependencies } from "../registry/index.ts";
import { coveredBy, frameworkFacts, specFacts } from "./chain.ts";
import { type NeededBy, neededBy } from "./dependency-graph.ts";
import { fileFindings, lookAt, recordedInReceipt, recordedInRow } from "./file-list.ts";
import { fits } from "./fits.ts";
import { historyOf, isChangeOf } from "./history.ts";
import { listedMax } from "./listed.ts";
import { ownershipRowsWith } from "./ownership-rows.ts";
import { lookAtArchive } from "./package-archive.ts";
import { trimPath } from "./plane-path.ts";
import { pluginsOf } from "./plugins.ts";
import { frameworkOf, hasParity, shownReceipt, specOf } from "./receipts.ts";
import { type Sight, TIERS } from "./sight.ts";

export async function tracePackage(sight: Sight, package_id: string): Promise<PackageTrace> {
  const row = sight.table("packages_registry").get(package_id);
  const here = sight.installedAs(package_id);
  const first = here[0];
  const files = await packageFiles(sight, package_id, here);
  for (const finding of fileFindings(files)) sight.note(finding);
  const dependencies = dependenciesOf(sight, package_id, first, row);
  const archive = await lookAtArchive(sight, package_id, row, first?.receipt);
  const needed = neededBy(sight, package_id);
  const plugins = pluginsOf(sight, package_id);
  let last_change = "UNINSTALLED";
  const past = historyOf(sight, package_id, undefined, (line) => {
    if (isChangeOf(line, package_id)) last_change = line.event.event;
  });
  const step = (): string =>
    last_change !== "UNINSTALLED"
      ? GONE_BY_HAND
      : nextStep(sight, package_id, row, archive?.present === true);
  return {
    ...identityOf(package_id, first, row),
    receipts: here.map(shownReceipt),
    files,
    dependencies,
    ...dependentsOf(sight, needed, package_id),
    why: here.length > 0 ? needed.why : { ...needed.why, requested: false },
    conflicts: conflictsOf(sight, first, row),
    ...(await governanceOf(sight, package_id, files)),
    tier_status: tierStatus(here),
    parity: hasParity(package_id, here),
    archive,
    ...(plugins.length === 0 ? {} : { plugins }),
    ...past,
    registry_row: Object.fromEntries(Object.entries(row ?? {}).filter(([, cell]) => cell !== "")),
    next_step: here.length > 0 ? null : step(),
  };
}

/** What is installed speaks before what is registered. */
function identityOf(
  package_id: string,
  installed: Installed | undefined,
  row: Row | undefined,
): Pick<
  PackageTrace,
  "package_id" | "name" | "version" | "tier" | "package_type" | "status" | "registered" | "installed"
> {
  const cell = (column: string): string => row?.[column] ?? "";
  const standing = {
    status: row === undefined ? "not registered" : cell("status"),
    registered: row !== undefined,
    installed: installed !== undefined,
  };
  if (installed === undefined) {
    const said = {
      name: cell("name"),
      version: cell("version"),
      tier: cell("tier"),
      package_type: cell("category"),
    };
    return { package_id, ...said, ...standing };
  }
  const { version, tier, package_type } = installed.receipt;
  return { package_id, name: installed.manifest.name, version, tier, package_type, ...standing };
}

const tierStatus = (here: readonly Installed[]): PackageTrace["tier_status"] =>
  Object.fromEntries(
    TIERS.map((tier) => [
      tier.toUpperCase(),
      here.some(({ receipt }) => receipt.plane_id === tier) ? "installed" : "not installed",
    ]),
  );

async function packageFiles(
  sight: Sight,
  package_id: string,
  here: readonly Installed[],
): Promise<TracedFile[]> {
  const spec_id = specOf(sight, package_id);
  if (here.length > 0)
    return lookAt(
      sight,
      here.flatMap(({ receipt }) => recordedInReceipt(receipt, spec_id)),
    );
  const owned = ownershipRowsWith(sight, package_id);
  return lookAt(
    sight,
    owned.filter((row) => row["owner_package_id"] === package_id).map((row) => recordedInRow(row, spec_id)),
  );
}

function dependenciesOf(
  sight: Sight,
  package_id: string,
  first: Installed | undefined,
  row: Row | undefined,
): PackageTrace["dependencies"] {
  const declared = first?.manifest.dependencies ?? parseDependencies(row?.["deps"] ?? "").dependencies;
  return declared.map(({ id, range }) => {
    const version = sight.summaryOf(id)?.version ?? null;
    const satisfied = version !== null && fits(version, range);
    if (!satisfied && first !== undefined) {
      sight.note({
        code: "TRACE_DEPENDENCY_UNMET",
        severity: "error",
        message: `${package_id} needs ${id} ${range}; ${version === null ? "it is not installed" : `installed is ${version}`}`,
        next_step: `Run "pkg install --id ${id}".`,
        package_id,
        expected: range,
        ...(version === null ? {} : { actual: version }),
      });
    }
    return { id, range, installed_version: version, satisfied };
  });
}

/** Installed dependents, direct ones first; then packages that are only registered and would need it. */
function dependentsOf(
  sight: Sight,
  { direct, listed, count, has }: NeededBy,
  package_id: string,
): Pick<PackageTrace, "dependents" | "dependents_left_out"> {
  const installed = listed.map((id) => ({
    id,
    range: direct.get(id)?.range ?? null,
    direct: direct.has(id),
    installed: true,
    version: sight.summaryOf(id)?.version ?? null,
  }));
  const registered = [...sight.table("packages_registry").holding(package_id)].flatMap(([id, row]) => {
    if (!(row["deps"] ?? "").includes(package_id) || has(id) || sight.summaryOf(id) !== undefined) return [];
    const named = parseDependencies(row["deps"] ?? "").dependencies.find(
      (dependency) => dependency.id === package_id,
    );
    return named === undefined
      ? []
      : [{ id, range: named.range, direct: true, installed: false, version: row["version"] || null }];
  });
  registered.sort((a, b) => compareCodePoints(a.id, b.id));
  const dependents = [...installed, ...registered].slice(0, listedMax(sight));
  return { dependents, dependents_left_out: count + registered.length - dependents.length };
}

function conflictsOf(
  sight: Sight,
  first: Installed | undefined,
  row: Row | undefined,
): PackageTrace["conflicts"] {
  const listed = (row?.["conflicts"] ?? "").split(",").map((id) => id.trim());
  const ids = first?.manifest.conflicts ?? listed.filter((id) => id !== "");
  return ids.map((id) => ({ id, installed: sight.summaryOf(id) !== undefined }));
}

async function governanceOf(
  sight: Sight,
  package_id: string,
  files: readonly TracedFile[],
): Promise<Pick<PackageTrace, "spec" | "framework" | "specs" | "frameworks">> {
  const spec_id = specOf(sight, package_id);
  const framework_id = frameworkOf(sight, package_id);
  const spec = await specOfPackage(sight, package_id, spec_id);
  const framework = frameworkOfPackage(sight, package_id, framework_id);
  const covered = coveredBy(files.map(({ path }) => path));
  if (spec !== null) covered.specs.add(spec.id);
  if (framework !== null) covered.frameworks.add(framework.id);
  return { spec, framework, specs: [...covered.specs].sort(), frameworks: [...covered.frameworks].sort() };
}

async function specOfPackage(
  sight: Sight,
  package_id: string,
  id: string | undefined,
): Promise<PackageTrace["spec"]> {
  if (id === undefined) return null;
  const facts = await specFacts(sight, id);
  if (facts?.registered !== true) noteUnregistered(sight, package_id, id);
  return { id, title: facts?.title ?? "", status: facts?.status ?? "unknown" };
}

function frameworkOfPackage(
  sight: Sight,
  package_id: string,
  id: string | undefined,
): PackageTrace["framework"] {
  if (id === undefined) return null;
  const facts = frameworkFacts(sight, id);
  if (facts?.registered !== true) noteUnregistered(sight, package_id, id);
  return { id, title: facts?.title ?? "" };
}

function noteUnregistered(sight: Sight, package_id: string, id: string): void {
  sight.note({
    code: "TRACE_CHAIN_BROKEN",
    severity: "error",
    message: `${package_id} names ${id}, which is not registered`,
    next_step: `Run "pkg register ${id}".`,
    package_id,
    expected: id,
  });
}

const GONE_BY_HAND = `Its receipt is gone, and the ledger knows of no uninstall (RECEIPT_MISSING): run "integrity-check" for how to have it again.`;

function nextStep(sight: Sight, package_id: string, row: Row | undefined, has_archive: boolean): string {
  const install = `"pkg install --id ${package_id}"`;
  if (has_archive) return `Run ${install}.`;
  const source = trimPath(row?.["artifact_path"] ?? "");
  if (sight.stat(source)?.kind === "directory" && source !== "") {
    return `Run "pkg pack --src ${source} --id ${package_id}", then ${install}.`;
  }
  return `Put its archive at packages_store/${package_id}.tar.gz, then run ${install}.`;
}
