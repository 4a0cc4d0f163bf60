/** Which entries of an inventory a request takes, and as what; or why it may not. Pure. */
import type { Finding, Row } from "../../contracts/index.ts";
import { type Fault, nearest } from "../../kernel/index.ts";
import { reservedFolder } from "../../plane/index.ts";
import { make } from "../faults.ts";
import type { Inventory, InventoryEntry } from "./inventory-types.ts";
import { deriveId, isNamed, isPackageId } from "./package-names.ts";

export interface Choice {
  readonly take: readonly string[];
  readonly all: boolean;
  /** Ids for the entries named, in their order. */
  readonly as: readonly string[];
  /** Codes of findings that are taken along knowingly. */
  readonly accept: readonly string[];
}

export interface ChosenEntry {
  readonly entry: InventoryEntry;
  readonly package_id: string;
  /** With a leading slash, as the registry has it. */
  readonly artifact_path: string;
}

/** @throws ADOPT_NAME_UNKNOWN, ADOPT_NAME_AMBIGUOUS, ADOPT_ID_REFUSED, ADOPT_GOVERNED */
export function chooseEntries(
  { entries }: Inventory,
  folder: string,
  choice: Choice,
  rowOf: (id: string) => Row | undefined,
  installed: ReadonlySet<string>,
): ChosenEntry[] {
  const named = choice.take.map((word) => entryNamed(entries, word));
  const chosen = choice.all ? entries.filter(({ governed_by }) => governed_by === null) : [...new Set(named)];
  const governed = chosen.find(({ governed_by }) => governed_by !== null);
  if (governed?.governed_by != null) {
    const { name, governed_by } = governed;
    throw make("ADOPT_GOVERNED", `${name} is governed already, by ${governed_by}`, {
      name,
      package_id: governed_by,
    });
  }
  checkIds(choice.as, chosen.length);
  const taken = new Set(installed);
  return chosen.map((entry, index) => {
    const artifact_path = `/${placeOf(entry, folder)}`;
    const package_id = choice.as[index] ?? deriveId(entry.name, artifact_path, rowOf, taken);
    if (taken.has(package_id))
      throw make("ADOPT_ID_REFUSED", `${package_id} is installed already`, { id: package_id });
    taken.add(package_id);
    return { entry, package_id, artifact_path };
  });
}

function checkIds(as: readonly string[], count: number): void {
  const bad = as.find((id, index) => !isPackageId(id) || as.indexOf(id) !== index);
  if (bad !== undefined)
    throw make("ADOPT_ID_REFUSED", `--as ${JSON.stringify(bad)} is no package id of its own`, { id: bad });
  if (as.length > 0 && as.length !== count)
    throw make("ADOPT_ID_REFUSED", `--as names ${as.length} ids for ${count} packages`, { id: as[0] ?? "" });
}

function entryNamed(entries: readonly InventoryEntry[], word: string): InventoryEntry {
  const exact = entries.filter((entry) => isNamed(entry, word));
  const [first, second] = exact;
  if (first === undefined) {
    const near = nearest(
      word,
      entries.map(({ name }) => name),
    );
    throw make("ADOPT_NAME_UNKNOWN", `the folder holds no package ${JSON.stringify(word)}`, {
      name: word,
      near,
    });
  }
  if (second === undefined) return first;
  const places = exact.map(({ place }) => place);
  const at_place = exact.find(({ place }) => place === word);
  if (at_place !== undefined) return at_place;
  throw make("ADOPT_NAME_AMBIGUOUS", `${word} is the name of ${places.length} packages`, {
    name: word,
    places,
  });
}

/** The folder a package is known by: its own, or for Python the folder most of its files lie in. */
function placeOf({ kind, place, files }: InventoryEntry, folder: string): string {
  if (kind !== "python") return place === "" ? folder : `${folder}/${place}`;
  const counts = new Map<string, number>();
  for (const path of files) {
    const top = path.split("/")[0] ?? "";
    if (path.includes("/") && top !== place) counts.set(top, (counts.get(top) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [place];
  return `${folder}/${most}`;
}

/** Findings about the chosen packages that nobody accepted, and paths no package may own. */
export function objections(
  { findings }: Inventory,
  folder: string,
  chosen: readonly ChosenEntry[],
  accept: readonly string[],
): Fault[] {
  const accepted = new Set(accept);
  return chosen.flatMap(({ entry }): Fault[] => {
    const own = findingsOf(findings, entry).filter(
      ({ code, severity }) => severity === "error" && !accepted.has(code),
    );
    const codes = [...new Set(own.map(({ code }) => code))].sort();
    const { name } = entry;
    const problems: Fault[] = [];
    if (codes.length > 0) {
      const message = `${name}: ${own[0]?.message}${own.length > 1 ? ` (and ${own.length - 1} more)` : ""}`;
      problems.push(make("ADOPT_NOT_ACCEPTED", message, { name, folder, codes, findings: own.slice(0, 50) }));
    }
    const reserved = entry.files.find((path) => reservedFolder(`${folder}/${path}`) !== undefined);
    if (reserved !== undefined) {
      const path = `${folder}/${reserved}`;
      const owner = reservedFolder(path) ?? "";
      const message = `packages may not own ${path}: ${owner} belongs to the plane`;
      problems.push(make("TARGET_REFUSED", message, { path, folder: owner }));
    }
    if (entry.files.length === 0)
      problems.push(make("ADOPT_EMPTY", `${name} has no file that could be taken`, { name }));
    return problems;
  });
}

/** Findings about files an entry claims and the folders around them, and about all below its place. */
export function findingsOf(findings: readonly Finding[], entry: InventoryEntry): Finding[] {
  const own = new Set([...entry.files, ...entry.phantom]);
  for (const path of entry.files)
    for (
      let at = path.lastIndexOf("/");
      at > 0 && !own.has(path.slice(0, at));
      at = path.lastIndexOf("/", at - 1)
    )
      own.add(path.slice(0, at));
  const { place } = entry;
  return findings.filter(({ path, code }) => {
    if (path === undefined) return code !== "NOTHING_RECOGNISED";
    return own.has(path) || place === "" || path === place || path.startsWith(`${place}/`);
  });
}
