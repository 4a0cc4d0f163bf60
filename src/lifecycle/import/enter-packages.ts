/** Packages of an imported plane get receipts of ours: files adopted as they lie, each with an archive that can restore them. */
import type { Manifest } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { assert, Fault } from "../../kernel/index.ts";
import { type ArchiveFile, readManifest } from "../../metadata/index.ts";
import type { Plane } from "../../plane/index.ts";
import { checkRequirements, type Runtime } from "../../preflight/index.ts";
import { tierPrefix } from "../../receipts/index.ts";
import { latestArchivePath, sidecarPath, versionedArchivePath } from "../../store/index.ts";
import { packTree, type TreeFile } from "../adopt/index.ts";
import { type Candidate, readCandidate } from "../candidate.ts";
import { checkChain } from "../chain.ts";
import { copyFile } from "../copy-file.ts";
import { type Ask, planEntering } from "../plan-entering.ts";
import { refuseAll } from "../refuse.ts";
import { type Entering, targetOf } from "../target.ts";
import { type PlannedPackage, rawAssets } from "./plan-packages.ts";
import { writeNew } from "./stage-source.ts";
import type { Survey } from "./survey.ts";

export interface EnteringPackage {
  readonly entering: Entering;
  /** True when an archive of the older store is the one it can be restored from. */
  readonly is_legacy_archive: boolean;
}

export interface EnterOptions {
  readonly runtime: Runtime;
  readonly deflate_worker_url: URL | undefined;
}

/** In the staged plane, before its first transaction. @throws ARCHIVE_*, SOURCE_CHANGED */
export async function enterPackages(
  effects: Effects,
  plane: Plane,
  survey: Survey,
  options: EnterOptions,
): Promise<EnteringPackage[]> {
  const asks: Ask[] = [];
  const legacy = new Map<string, boolean>();
  for (const one of survey.packages) {
    effects.signal.throwIfAborted();
    const key = `${one.package_id}\0${one.tier}`;
    const manifest = manifestOf(one, survey);
    if (manifest === undefined) continue;
    const stored = await storedCandidate(effects, plane, survey, one, manifest);
    const candidate = stored ?? (await builtCandidate(effects, plane, one, manifest, options));
    legacy.set(key, stored !== undefined);
    asks.push({ target: targetOf(candidate), tier: one.tier, before: undefined });
  }
  describeNeeds(effects, plane, asks, survey, options.runtime);
  const { entering, problems } = await planEntering(effects, plane, asks, { accept_drift: false });
  refuseAll(problems);
  const written = entering.flatMap(({ placements }) => placements).find(({ action }) => action !== "adopt");
  assert(written === undefined, `${written?.path} of an imported package would be written anew`);
  return entering.map((one) => ({
    entering: one,
    is_legacy_archive: legacy.get(`${one.target.manifest.package_id}\0${one.tier}`) ?? false,
  }));
}

/** Fields of older manifests that ours do not hold are left out one by one, and said. */
const DROPPABLE =
  /^\/(capabilities|spec_id|framework_id|license|dependencies|conflicts|health|compat|name|metadata)\b/;

function manifestOf(one: PlannedPackage, { findings }: Survey): Manifest | undefined {
  const { package_id, tier, kept, facts } = one;
  const prefix = tierPrefix(tier);
  const path = `${prefix}installed/${package_id}/manifest.json`;
  const files = new Map(
    kept.map(({ path: at, found }): [string, ArchiveFile] => [
      at.slice(prefix.length),
      { member: at, sha256: found.sha256, size_bytes: found.size_bytes, executable: found.executable },
    ]),
  );
  let raw: Record<string, unknown> = { ...one.raw, assets: rawAssets(one) };
  for (;;) {
    try {
      const { manifest } = readManifest(Buffer.from(JSON.stringify(raw)), files, path);
      return { ...manifest, metadata: { ...manifest.metadata, legacy: facts as never } };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const field = typeof error.details["field"] === "string" ? error.details["field"] : "";
      const [, name = ""] = DROPPABLE.exec(field) ?? [];
      const key = name === "dependencies" && raw["dependencies"] === undefined ? "deps" : name;
      if (key === "" || !(key in raw)) {
        findings.add("LEGACY_PACKAGE_UNREADABLE", error.message, { path, package_id });
        return undefined;
      }
      findings.add("LEGACY_FIELD_LEFT", `${key} of ${package_id} is not kept: ${error.message}`, {
        path,
        package_id,
      });
      const { [key]: _, ...rest } = raw;
      raw = rest;
    }
  }
}

/** An archive of the older store that holds exactly these files; it stays the one to restore from. */
async function storedCandidate(
  effects: Effects,
  plane: Plane,
  { archives, package_rows }: Survey,
  { package_id }: PlannedPackage,
  manifest: Manifest,
): Promise<Candidate | undefined> {
  const row = package_rows.find(({ id }) => id === package_id);
  const named = [
    row?.["source"] ?? "",
    latestArchivePath(package_id),
    versionedArchivePath(package_id, manifest.version),
  ];
  const places = [...new Set(named)].filter((path) =>
    archives.some((one) => one.path === path && one.package_id === package_id),
  );
  for (const path of places) {
    const candidate = await readCandidate(effects, plane, { archive: `${plane.root}/${path}` }).catch(
      (error: unknown) => {
        if (error instanceof Fault) return undefined;
        throw error;
      },
    );
    if (candidate === undefined || !holdsAll(candidate.manifest, manifest)) continue;
    keepFindable(effects, plane, candidate, path);
    return candidate;
  }
  return undefined;
}

const holdsAll = ({ package_id, version, assets }: Manifest, wanted: Manifest): boolean =>
  package_id === wanted.package_id &&
  version === wanted.version &&
  assets.length === wanted.assets.length &&
  wanted.assets.every((asset) =>
    assets.some(
      ({ path, sha256, executable }) =>
        path === asset.path && sha256 === asset.sha256 && executable === asset.executable,
    ),
  );

/** An installed version is looked for by id and version; the older store knew names without one. */
function keepFindable(
  { fs }: Effects,
  plane: Plane,
  { manifest: { package_id, version }, listing }: Candidate,
  path: string,
): void {
  const wanted = versionedArchivePath(package_id, version);
  if (path === wanted || fs.stat(`${plane.root}/${wanted}`) !== undefined) return;
  copyFile(fs, `${plane.root}/${path}`, `${plane.root}/${wanted}`);
  if (fs.stat(`${plane.root}/${sidecarPath(wanted)}`) === undefined)
    writeNew(fs, `${plane.root}/${sidecarPath(wanted)}`, Buffer.from(listing.digest));
}

/** Archives made here have a version of their own, so that what the older registry says of its archives stays true. */
const importedVersion = (version: string): string =>
  version.includes("+") ? `${version}.imported` : `${version}+imported`;

async function builtCandidate(
  effects: Effects,
  plane: Plane,
  { kept, tier }: PlannedPackage,
  legacy: Manifest,
  { deflate_worker_url }: EnterOptions,
): Promise<Candidate> {
  const manifest: Manifest = { ...legacy, version: importedVersion(legacy.version) };
  const prefix = tierPrefix(tier);
  const files = kept.map(
    ({ path, found }): TreeFile => ({
      path: path.slice(prefix.length),
      file: `${plane.root}/${path}`,
      digest: found,
    }),
  );
  const path = versionedArchivePath(manifest.package_id, manifest.version);
  const { digest } = await packTree(effects, manifest, files, `${plane.root}/${path}`, deflate_worker_url);
  writeNew(effects.fs, `${plane.root}/${sidecarPath(path)}`, Buffer.from(digest));
  return readCandidate(effects, plane, { archive: `${plane.root}/${path}`, digest });
}

/** What an install would refuse is told: these packages are in force already, wherever they come from. */
function describeNeeds(
  effects: Effects,
  plane: Plane,
  asks: readonly Ask[],
  { findings }: Survey,
  runtime: Runtime,
): void {
  const manifests = asks.map(({ target }) => target.manifest);
  const present = new Map(
    manifests.map(({ package_id, version, tier }) => [package_id, { version, tier }] as const),
  );
  for (const manifest of manifests) {
    const { package_id } = manifest;
    for (const fault of [
      ...checkChain(effects, plane, manifest),
      ...checkRequirements(manifest, present, runtime),
    ])
      findings.add("LEGACY_NEEDS_UNMET", fault.message, {
        path: `installed/${package_id}/manifest.json`,
        package_id,
        actual: fault.code,
      });
  }
}
