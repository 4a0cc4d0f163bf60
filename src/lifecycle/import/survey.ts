/** Reads a Python plane from end to end and says what would come in, and how. Changes nothing. */
import { REGISTRY_NAMES, type Row } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { LegacyChain, type SealedSegment } from "../../ledger/index.ts";
import { CONFIG_PATH, registryPath } from "../../plane/index.ts";
import { checkRegistries, readRegistry } from "../../registry/index.ts";
import { resolveFolder, shownName, type Walked, walkFolder } from "../adopt/index.ts";
import { make } from "../faults.ts";
import { type Carried, carry, groupLedgers, holdsSecrets } from "./carried-files.ts";
import { ImportFindings } from "./import-findings.ts";
import { countDefects, describeDefects, readLedgers, type SealedGroup } from "./legacy-ledgers.ts";
import { readPackages } from "./legacy-packages.ts";
import { readStore, type StoredArchive } from "./legacy-store.ts";
import { type PlannedPackage, planPackages } from "./plan-packages.ts";

export interface Survey {
  /** Absolute, links resolved. */
  readonly source: string;
  /** Folder of the new plane for originals that something of ours takes the place of. */
  readonly legacy: string;
  readonly walked: Walked;
  readonly carried: readonly Carried[];
  readonly ledgers: readonly SealedGroup[];
  readonly sessions: readonly SealedSegment[];
  readonly archives: readonly StoredArchive[];
  readonly packages: readonly PlannedPackage[];
  readonly package_rows: readonly Row[];
  readonly findings: ImportFindings;
}

/** @throws ADOPT_FOLDER_MISSING, IMPORT_SOURCE_REFUSED, REGISTRY_* when packages_registry or file_ownership cannot be read */
export async function surveyPlane(
  effects: Effects,
  named: string,
  launchers: ReadonlySet<string>,
): Promise<Survey> {
  const { fs } = effects;
  const source = resolveFolder(effects, named);
  refuseSource(effects, source, named);
  const findings = new ImportFindings();
  const walked = await walkFolder(effects, source, findings);
  const legacy = freeName(walked);
  const carried = [...walked.files.keys()].sort().map((path) => carry(path, legacy, launchers));
  describeLeft(walked, carried, findings);
  for (const name of REGISTRY_NAMES)
    if (!walked.files.has(registryPath(name)) && fs.stat(`${source}/${registryPath(name)}`) !== undefined)
      throw make("IMPORT_SOURCE_REFUSED", `${registryPath(name)} of ${named} is no plain file`, {
        folder: named,
      });
  findings.addAll(
    checkRegistries(fs, `${source}/registries`).filter(({ code }) => code !== "REGISTRY_MISSING"),
  );
  const inArea = (area: Carried["area"]): string[] =>
    carried.filter((one) => one.area === area).map(({ from }) => from);
  const ledgers = await readLedgers(effects, source, groupLedgers(inArea("ledger")), findings);
  const sessions = readSessions(effects, source, inArea("session"), findings);
  const package_rows = rowsOf(effects, source, walked, "packages_registry");
  const archives = await readStore(effects, source, inArea("store"), package_rows, findings);
  const owned = new Map(
    rowsOf(effects, source, walked, "file_ownership").map((row) => [
      row["file_path"] ?? "",
      { owner: row["owner_package_id"] ?? "", sha256: row["sha256"] ?? "" },
    ]),
  );
  const packages = planPackages(await readPackages(effects, walked, owned, findings), owned, findings);
  return { source, legacy, walked, carried, ledgers, sessions, archives, packages, package_rows, findings };
}

function refuseSource({ fs }: Effects, source: string, named: string): void {
  const refuse = (why: string) => make("IMPORT_SOURCE_REFUSED", `${named} ${why}`, { folder: named });
  if (fs.stat(`${source}/${CONFIG_PATH}`) !== undefined) throw refuse("is a Holdfast plane already");
  const known = ["packages_registry", "control_plane_registry"] as const;
  if (!known.some((name) => fs.stat(`${source}/${registryPath(name)}`)?.kind === "file"))
    throw refuse("is no control plane: it has neither of the registries of packages and artifacts");
}

function freeName({ folders, files }: Walked): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? "legacy" : `legacy-${number}`;
    if (!folders.has(name) && !files.has(name)) return name;
  }
}

function describeLeft(
  { links, special }: Walked,
  carried: readonly Carried[],
  findings: ImportFindings,
): void {
  for (const path of links.keys())
    findings.add("LINK_LEFT", `${shownName(path)} is a link and was not followed`, { path });
  for (const path of special.keys())
    findings.add("SPECIAL_LEFT", `${shownName(path)} is a pipe, socket or device`, { path });
  for (const { from: path } of carried)
    if (holdsSecrets(path))
      findings.add("SECRETS_LEFT", `${shownName(path)} holds secrets and was not read`, { path });
  const left = carried.filter(({ area, from }) => area === "left" && !holdsSecrets(from)).length;
  if (left > 0) findings.add("CACHE_LEFT", `${left} file(s) of bytecode and caches stay behind`);
  for (const { area, from, to } of carried)
    if (area === "script")
      findings.add("LEGACY_SCRIPT_REPLACED", `${from} is kept as ${to ?? ""}; ours takes its place`, {
        path: from,
      });
}

function rowsOf(
  { fs }: Effects,
  source: string,
  { files }: Walked,
  name: "packages_registry" | "file_ownership",
): Row[] {
  return files.has(registryPath(name)) ? readRegistry(fs, `${source}/${registryPath(name)}`, name) : [];
}

/** Ledgers of sessions are set aside: their older writer began a new chain with every turn, so none holds as a stream of ours. */
function readSessions(
  { fs }: Effects,
  source: string,
  paths: readonly string[],
  findings: ImportFindings,
): SealedSegment[] {
  return paths.map((name) => {
    const segment = { name, ...new LegacyChain().readSegment(fs, `${source}/${name}`) };
    describeDefects(segment, findings);
    return segment;
  });
}

export const ledgerReport = ({ ledgers, sessions }: Survey) => ({
  sealed: ledgers.map(({ name, stream, segments }) => ({
    name,
    stream,
    segments: segments.map((one) => ({ ...one })),
    defects: countDefects(segments),
  })),
  sessions: sessions.map((one) => ({ ...one })),
});
