/** An unmanaged folder, held against what its own metadata says. Reads only; hostile content becomes findings. */
import type { Effects } from "../../effects/index.ts";
import { findOwners } from "../../index-db/index.ts";
import { compareCodePoints, sortedBy } from "../../kernel/index.ts";
import type { Plane } from "../../plane/index.ts";
import { AdoptFindings, shown } from "./adopt-findings.ts";
import { judgeFiles } from "./file-risks.ts";
import type { Claim, Inventory, InventoryEntry, Recognised, Walked } from "./inventory-types.ts";
import { nodePackages } from "./node-packages.ts";
import { pluginFolders } from "./plugin-folders.ts";
import { holdsPythonPackages, pythonPackages } from "./python-packages.ts";
import { judgeCommands } from "./start-commands.ts";
import { walkFolder } from "./walk-folder.ts";

const CACHE = /(^|\/)__pycache__\/[^/]+\.pyc$/;
const isCache = (path: string): boolean => CACHE.test(path);

/**
 * @param folder absolute, links resolved
 * @param plane the plane the folder lies in, to tell what is governed already
 */
export async function takeInventory(
  effects: Effects,
  folder: string,
  plane: Plane | undefined,
): Promise<Inventory> {
  const findings = new AdoptFindings();
  const walked = await walkFolder(effects, folder, findings);
  const recognised = recognise(effects, walked, findings);
  if (recognised.length === 0)
    findings.add("NOTHING_RECOGNISED", `${shown(folder)} holds no package of a known form`);
  const is_python = recognised.some(({ kind }) => kind === "python");
  judgeFiles(effects.fs, walked, is_python, findings);
  for (const one of recognised) judgeCommands(effects.fs, walked, one, findings);
  const owner_of = ownersIn(effects, plane, walked);
  const claimed = new Map<string, string>();
  const entries: InventoryEntry[] = [];
  for (const one of sortedBy(recognised, ({ name, place }) => `${name}\0${place}`))
    entries.push(await judgeEntry(effects, walked, one, { findings, claimed, owner_of }));
  const files = [...walked.files];
  const cache = files.filter(([path]) => isCache(path)).length;
  const unclaimed = files
    .map(([path]) => path)
    .filter((path) => !claimed.has(path) && !isCache(path))
    .sort(compareCodePoints);
  for (const path of unclaimed) findings.add("FILE_UNCLAIMED", `no package claims ${shown(path)}`, { path });
  return {
    folder,
    entries,
    unclaimed,
    totals: {
      files: files.length,
      size_bytes: files.reduce((sum, [, stat]) => sum + stat.size_bytes, 0),
      claimed: claimed.size,
      unclaimed: unclaimed.length,
      cache,
      phantom: entries.reduce((sum, { phantom }) => sum + phantom.length, 0),
      mismatched: entries.reduce((sum, { mismatched }) => sum + mismatched.length, 0),
      links: walked.links.size,
      special: walked.special.size,
    },
    findings: findings.sorted(),
  };
}

function recognise({ fs }: Pick<Effects, "fs">, walked: Walked, findings: AdoptFindings): Recognised[] {
  if (holdsPythonPackages(walked)) return pythonPackages(fs, walked, findings);
  if (walked.folder.endsWith("/node_modules") || walked.files.has(".package-lock.json"))
    return nodePackages(fs, walked, findings);
  return pluginFolders(fs, walked, findings);
}

/** Owner of a path of the folder, by the ownership registry of the plane around it. */
function ownersIn(
  effects: Effects,
  plane: Plane | undefined,
  { folder, files }: Walked,
): (path: string) => string | undefined {
  if (plane === undefined || !folder.startsWith(`${plane.root}/`)) return () => undefined;
  const prefix = `${folder.slice(plane.root.length + 1)}/`;
  const owners = findOwners(effects, plane.root, new Set([...files.keys()].map((path) => prefix + path)));
  return (path) => owners.get(prefix + path);
}

interface Judging {
  readonly findings: AdoptFindings;
  /** Path to the name of the package that claims it. */
  readonly claimed: Map<string, string>;
  readonly owner_of: (path: string) => string | undefined;
}

async function judgeEntry(
  { workers }: Pick<Effects, "workers">,
  walked: Walked,
  one: Recognised,
  { findings, claimed, owner_of }: Judging,
): Promise<InventoryEntry> {
  const present: Claim[] = [];
  const phantom: string[] = [];
  for (const claim of one.claims) {
    const { path } = claim;
    // Bytecode comes and goes with the interpreter.
    if (isCache(path)) continue;
    if (!walked.files.has(path)) {
      if (isToldOtherwise(walked, path)) continue;
      phantom.push(path);
      const message = `${shown(one.name)} claims ${shown(path)}, which is not there`;
      findings.add("FILE_PHANTOM", message, { path: path.toWellFormed(), line: claim.line });
      continue;
    }
    const other = claimed.get(path);
    if (other === undefined) {
      claimed.set(path, one.name);
      present.push(claim);
    } else
      findings.add("CLAIMED_TWICE", `${shown(path)} is claimed by ${shown(other)} and ${shown(one.name)}`, {
        path,
      });
  }
  const with_digest = present.filter(({ sha256 }) => sha256 !== undefined);
  const digests = await workers.digestFiles(with_digest.map(({ path }) => `${walked.folder}/${path}`));
  const mismatched = with_digest.flatMap(({ path, sha256, line }, index) => {
    const actual = digests[index]?.sha256;
    if (actual === sha256) return [];
    const message = `${shown(path)} does not hold the bytes ${shown(one.name)} was installed with`;
    findings.add("FILE_MISMATCH", message, { path, line, expected: sha256, actual });
    return [path];
  });
  const files = present.map(({ path }) => path).sort(compareCodePoints);
  return {
    kind: one.kind,
    name: one.name,
    version: one.version,
    license: one.license,
    place: one.place,
    files,
    size_bytes: files.reduce((sum, path) => sum + (walked.files.get(path)?.size_bytes ?? 0), 0),
    verified_count: with_digest.length - mismatched.length,
    unverified_count: present.length - with_digest.length,
    mismatched,
    phantom: phantom.sort(compareCodePoints),
    governed_by: files.map(owner_of).find((owner) => owner !== undefined) ?? null,
  };
}

/** Something lies there that the walk tells of under another code: a link, a pipe, a name it refused. */
const isToldOtherwise = ({ links, special, folders, refused }: Walked, path: string): boolean =>
  links.has(path) || special.has(path) || folders.has(path) || refused.has(path);
