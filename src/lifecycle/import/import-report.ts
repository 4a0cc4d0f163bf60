/** What came in, what did not, and why: the same document is shown, printed with --json and kept in the new plane. */
import type { Finding, RegistryName } from "../../contracts/index.ts";
import { REGISTRY_NAMES } from "../../contracts/index.ts";
import type { FileDigest } from "../../effects/index.ts";
import type { SealedSegment } from "../../ledger/index.ts";
import { registryPath } from "../../plane/index.ts";
import type { EnteringPackage } from "./enter-packages.ts";
import type { StoredArchive } from "./legacy-store.ts";
import { ledgerReport, type Survey } from "./survey.ts";

export interface ImportReport {
  readonly schema_version: "1.0";
  readonly source: string;
  /** Folder of the new plane for originals that something of ours takes the place of. */
  readonly legacy: string;
  readonly files: { readonly carried: number; readonly left: number; readonly size_bytes: number };
  readonly registries: readonly {
    readonly path: string;
    /** Of the source; null where it has none. */
    readonly sha256: string | null;
    /** Rows changed or dropped on the way. */
    readonly rows_changed: number;
    /** Rows of packages that were installed and not registered; they stand after all others. */
    readonly rows_added: number;
  }[];
  readonly archives: readonly StoredArchive[];
  readonly packages: readonly {
    readonly package_id: string;
    readonly plane_id: string;
    readonly version: string;
    readonly claimed: number;
    readonly adopted: number;
    readonly archive: "legacy" | "made here";
  }[];
  readonly ledgers: {
    readonly sealed: readonly {
      readonly name: string;
      readonly stream: string;
      readonly segments: readonly SealedSegment[];
      readonly defects: Readonly<Record<string, number>>;
    }[];
    readonly sessions: readonly SealedSegment[];
  };
  readonly findings: readonly Finding[];
}

export function reportOf(
  survey: Survey,
  registries: ReadonlyMap<string, FileDigest | undefined>,
  changed: Partial<Record<RegistryName, number>>,
  entered: readonly EnteringPackage[] | undefined,
): ImportReport {
  const { carried, walked, archives, packages, legacy, source } = survey;
  const coming = carried.filter(({ area }) => area !== "left");
  const entered_by = new Map(
    (entered ?? []).map((one) => [`${one.entering.target.manifest.package_id}\0${one.entering.tier}`, one]),
  );
  return {
    schema_version: "1.0",
    // Where it lay is no fact about the plane, and differs from machine to machine.
    source: source.slice(source.lastIndexOf("/") + 1),
    legacy,
    files: {
      carried: coming.length,
      left: carried.length - coming.length + walked.links.size + walked.special.size + walked.refused.size,
      size_bytes: coming.reduce((sum, { from }) => sum + (walked.files.get(from)?.size_bytes ?? 0), 0),
    },
    registries: REGISTRY_NAMES.map((name) => ({
      path: registryPath(name),
      sha256: registries.get(registryPath(name))?.sha256 ?? null,
      rows_changed: changed[name] ?? 0,
      rows_added: name === "packages_registry" ? unregistered(survey, entered ?? []) : 0,
    })),
    archives: [...archives],
    packages: packages
      .filter(({ package_id, tier }) => entered === undefined || entered_by.has(`${package_id}\0${tier}`))
      .map((one) => {
        const found = entered_by.get(`${one.package_id}\0${one.tier}`);
        return {
          package_id: one.package_id,
          plane_id: one.tier,
          version: found?.entering.target.manifest.version ?? String(one.raw["version"]),
          claimed: one.assets.length,
          adopted: one.kept.length,
          archive: found?.is_legacy_archive === true ? ("legacy" as const) : ("made here" as const),
        };
      }),
    ledgers: ledgerReport(survey),
    findings: survey.findings.sorted(),
  };
}

function unregistered({ package_rows }: Survey, entered: readonly EnteringPackage[]): number {
  const known = new Set(package_rows.map(({ id }) => id));
  const ids = entered.map(({ entering }) => entering.target.manifest.package_id);
  return new Set(ids.filter((id) => !known.has(id))).size;
}
