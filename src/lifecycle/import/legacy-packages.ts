/** Installed packages of a Python plane in their several forms: what each claims, and with which digest. Reads only. */
import { PACKAGE_TIERS, type PlaneTier, Version } from "../../contracts/index.ts";
import type { Effects, FileDigest } from "../../effects/index.ts";
import { bare } from "../../kernel/index.ts";
import { tierPrefix } from "../../receipts/index.ts";
import { isObject, readObject, semverOf, textIn, type Walked } from "../adopt/index.ts";
import { tierOfId } from "../build-manifest.ts";
import type { ImportFindings } from "./import-findings.ts";

type Raw = Record<string, unknown>;
const MANIFEST_BYTES_MAX = 64 << 20;

/** One file a legacy manifest claims. */
export interface LegacyAsset {
  /** Plane-relative. */
  readonly path: string;
  /** Bare hex of what it must hold; undefined when nothing says. */
  readonly expected: string | undefined;
  readonly classification: string | undefined;
  readonly found: FileDigest | undefined;
}

export interface LegacyPackage {
  readonly package_id: string;
  readonly tier: PlaneTier;
  readonly is_baseline: boolean;
  /** The manifest as read, with what ours cannot do without filled in. */
  readonly raw: Raw;
  readonly assets: readonly LegacyAsset[];
  /** What the older records said and no field of ours holds. */
  readonly facts: Raw;
}

/** @param owned digests of file_ownership.csv by path */
export async function readPackages(
  effects: Pick<Effects, "fs" | "workers">,
  walked: Walked,
  owned: ReadonlyMap<string, { readonly sha256: string }>,
  findings: ImportFindings,
): Promise<LegacyPackage[]> {
  const packages: LegacyPackage[] = [];
  for (const tier of ["ho3", "ho2", "ho1"] as const) {
    const base = `${tierPrefix(tier)}installed`;
    const ids = [...walked.folders.keys()]
      .filter((path) => path.startsWith(`${base}/`) && !path.slice(base.length + 1).includes("/"))
      .sort();
    for (const folder of ids) {
      const found = await readOne(effects, walked, folder, tier, owned, findings);
      if (found !== undefined) packages.push(found);
    }
  }
  return packages;
}

async function readOne(
  { fs, workers }: Pick<Effects, "fs" | "workers">,
  walked: Walked,
  folder: string,
  tier: PlaneTier,
  owned: ReadonlyMap<string, { readonly sha256: string }>,
  findings: ImportFindings,
): Promise<LegacyPackage | undefined> {
  const package_id = folder.slice(folder.lastIndexOf("/") + 1);
  const path = `${folder}/manifest.json`;
  const refuse = (why: string): undefined => {
    findings.add("LEGACY_PACKAGE_UNREADABLE", `${path} ${why}`, { path, package_id });
  };
  const manifest = readObject(fs, walked, path, MANIFEST_BYTES_MAX);
  if (manifest === undefined) return refuse("is not there");
  if (manifest === null) return refuse("is not a JSON object");
  const stated = textIn(manifest, "package_id") ?? textIn(manifest, "id");
  if (stated !== package_id) return refuse(`is of ${stated ?? "no package"}`);
  const receipt = readObject(fs, walked, `${folder}/receipt.json`, MANIFEST_BYTES_MAX) ?? {};
  const listed = claimsOf(manifest);
  if (listed === undefined) return refuse("lists neither assets nor artifact_paths");
  const of_receipt = new Map(
    objectsIn(receipt["files"]).map((one) => [textIn(one, "path") ?? "", digestIn(one)]),
  );
  const prefix = tierPrefix(tier);
  const claims = listed.map((one) => {
    const own = textIn(one, "path")?.replace(/^\//, "") ?? "";
    const at = prefix + own;
    const expected = digestIn(one) ?? of_receipt.get(own) ?? digestIn({ sha256: owned.get(at)?.sha256 });
    return { path: at, expected, classification: textIn(one, "classification") ?? undefined };
  });
  const present = claims.map((claim) => claim.path).filter((at) => walked.files.has(at));
  const digests = await workers.digestFiles(present.map((at) => `${walked.folder}/${at}`));
  const found = new Map(present.map((at, index) => [at, digests[index]]));
  const assets = claims.map((claim) => ({ ...claim, found: found.get(claim.path) }));
  const type = textIn(manifest, "package_type");
  return {
    package_id,
    tier,
    is_baseline: type === "baseline" || package_id.includes("-BASELINE-"),
    raw: completed(manifest, package_id, tier),
    assets,
    facts: factsOf(manifest, receipt),
  };
}

/** `assets` of 1.2 and of the kernel, `artifact_paths` of 1.0 and 1.1. */
function claimsOf(manifest: Raw): Raw[] | undefined {
  if (Array.isArray(manifest["assets"])) return objectsIn(manifest["assets"]);
  const paths = manifest["artifact_paths"];
  if (!Array.isArray(paths)) return undefined;
  return paths.flatMap((path): Raw[] => (typeof path === "string" ? [{ path }] : []));
}

const objectsIn = (value: unknown): Raw[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Bare hex of `sha256`, with or without its prefix, in any letter case. */
function digestIn(one: Raw): string | undefined {
  const text = typeof one["sha256"] === "string" ? bare(one["sha256"].toLowerCase()) : "";
  return /^[0-9a-f]{64}$/.test(text) ? text : undefined;
}

/** Older manifests name no tier where the id does, and some a version that is none. */
function completed(manifest: Raw, package_id: string, tier: PlaneTier): Raw {
  const version = textIn(manifest, "version");
  const known = PACKAGE_TIERS.find((one) => one === manifest["tier"]);
  const { assets: _a, artifact_paths: _p, manifest_hash: _h, install_targets: _i, ...rest } = manifest;
  const is_legacy = ["1.0", "1.1", "1.2"].includes(String(rest["schema_version"]));
  return {
    ...rest,
    schema_version: is_legacy ? rest["schema_version"] : "1.2",
    package_id,
    version: Version.safeParse(version).success ? version : semverOf(version),
    tier: known ?? tierOfId(package_id),
    plane_id: tier,
  };
}

function factsOf(manifest: Raw, receipt: Raw): Raw {
  const texts = (object: Raw, keys: readonly string[]): [string, string][] =>
    keys.flatMap((key): [string, string][] => {
      const text = textIn(object, key);
      return text === null ? [] : [[key, text.toWellFormed()]];
    });
  return Object.fromEntries([
    ...texts(manifest, ["schema_version", "version", "tier", "package_type", "manifest_hash"]),
    ...texts(receipt, [
      "receipt_version",
      "installed_at",
      "installer",
      "origin",
      "manifest_hash",
      "archive_hash",
    ]),
    ...texts(receipt, ["archive_digest", "work_order_id"]),
  ]);
}
