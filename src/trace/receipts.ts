/** Receipts as reports show them. */
import type { TracedReceipt } from "../contracts/index.ts";
import { type Installed, receiptPath } from "../receipts/index.ts";
import { type Sight, TIERS } from "./sight.ts";

export function shownReceipt({ receipt }: Installed): TracedReceipt {
  const { package_id, plane_id, version, installed_at, installed_by, transaction_id, generation } = receipt;
  return {
    package_id,
    plane_id,
    version,
    installed_at,
    installed_by,
    transaction_id,
    generation,
    receipt: receiptPath(package_id, plane_id),
    manifest_hash: receipt.manifest_hash,
    archive_hash: receipt.archive_hash,
    archive_profile: receipt.archive_profile,
    file_count: receipt.files.length,
    work_order_id: receipt.work_order_id,
  };
}

/** The spec a package implements: its installed manifest says, else its registry row. */
export function specOf(sight: Sight, package_id: string): string | undefined {
  const declared = sight.manifestOf(package_id)?.spec_id;
  return declared ?? (sight.table("packages_registry").get(package_id)?.["source_spec_id"] || undefined);
}

/** The framework a package names itself, else the one its spec complies with. */
export function frameworkOf(sight: Sight, package_id: string): string | undefined {
  const declared = sight.manifestOf(package_id)?.framework_id;
  if (declared !== undefined) return declared;
  const spec_id = specOf(sight, package_id);
  return (spec_id !== undefined && sight.table("specs_registry").get(spec_id)?.["framework_id"]) || undefined;
}

/** Packages that implement a spec, sorted. Only those that name it, in manifest or row, are looked at. */
export function packagesOfSpec(sight: Sight, spec_id: string): string[] {
  const named = namedIn(sight, spec_id);
  return named.filter((id) => specOf(sight, id) === spec_id);
}

/** Packages under a framework, which they or their spec name, sorted. */
export function packagesOfFramework(sight: Sight, framework_id: string): string[] {
  const specs = [...sight.table("specs_registry").holding(framework_id)].map(([spec_id]) => spec_id);
  const named = new Set([framework_id, ...specs].flatMap((id) => namedIn(sight, id)));
  return [...named].filter((id) => frameworkOf(sight, id) === framework_id).sort();
}

/** What was found for ids of specs and frameworks: a framework asks for each of its specs more than once. */
const all_named = new WeakMap<Sight, Map<string, string[]>>();

function namedIn(sight: Sight, id: string): string[] {
  const known = all_named.get(sight) ?? new Map<string, string[]>();
  all_named.set(sight, known);
  const named = known.get(id) ?? searchNamed(sight, id);
  known.set(id, named);
  return named;
}

/** At least the packages whose manifest or row names it. */
function searchNamed(sight: Sight, id: string): string[] {
  const installed = sight.facts.governedBy(id);
  if (installed === undefined) return knownPackages(sight);
  const rows = [...sight.table("packages_registry").holding(id)].map(([package_id]) => package_id);
  return [...new Set([...installed, ...rows])].sort();
}

/** Every package id that is registered or installed, sorted. */
export function knownPackages(sight: Sight): string[] {
  const ids = new Set([...sight.table("packages_registry").keys(), ...sight.installedIds()]);
  return [...ids].sort();
}

/** Kernel packages belong into every plane tier, others wherever they were put. */
export function hasParity(package_id: string, here: readonly Installed[]): boolean {
  const hashes = new Set(here.map(({ receipt }) => receipt.manifest_hash));
  return hashes.size === 1 && (!package_id.includes("KERNEL") || here.length === TIERS.length);
}
