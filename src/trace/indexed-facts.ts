/** What the index answers in place of the files. */
import type { Row } from "../contracts/index.ts";
import {
  archivesNamed,
  archivesNoted,
  type IndexEffects,
  KnownPackages,
  linesAt,
  linesAtPlaces,
  ownedNames,
  ownershipLine,
  ownershipLinesWith,
  type Places,
  packageChanges,
  placesMentioning,
  plainRows,
} from "../index-db/index.ts";
import { ledgerStreams, PACKAGES_STREAM, type Plane } from "../plane/index.ts";
import type { TraceFacts } from "./facts.ts";

export function indexedFacts(effects: IndexEffects, plane: Plane): TraceFacts {
  const { root } = plane;
  const packages = new KnownPackages(effects, root);
  const streams = ledgerStreams(effects.fs, root);
  const placesOf = (text: string): Places[] | undefined => placesMentioning(effects, root, streams, text);
  return {
    installedIds: () => packages.ids(),
    installed: (id) => packages.standings(id),
    edges: () => packages.edges(),
    edgesFrom: (id) => packages.edgesFrom(id),
    edgesTo: (id) => packages.edgesTo(id),
    declared: (id, hash) => packages.heads(id)?.find(({ manifest_hash }) => manifest_hash === hash),
    governedBy: (id) => packages.governedBy(id),
    likelyEdgesTo: (id) => packages.likelyEdgesTo(id),
    likelyBelow: (folder) => packages.likelyBelow(folder),
    areCurrent: (ids) => packages.areCurrent(ids),
    ownersOfFirst: (folder, count_max) => packages.ownersOfFirst(folder, count_max),
    strays: (folder) => packages.strays(folder),
    ownersOf: (path) => packages.ownersOf(path),
    packagesWith: (digest) => packages.holding(digest),
    packagesOf: (transaction_id) => packages.holding(transaction_id),
    row: (name, key) => (name === "file_ownership" ? ownershipRow(effects, root, key[0] ?? "") : undefined),
    rows: (name) => plainRows(effects, root, name),
    ownershipRows: (text) => ownershipLinesWith(effects, root, text)?.map(rowOf),
    ownedNames: () => ownedNames(effects, root),
    archivesNamed: (beginning) => archivesNamed(effects, root, beginning),
    archivesNoted: (digest) => archivesNoted(effects, root, digest),
    lines: (text) => placesOf(text)?.flatMap((places) => [...linesAtPlaces(effects.fs, root, places, text)]),
    newestLines: (text) =>
      placesOf(text)?.map((places) => linesAtPlaces(effects.fs, root, places, text, "backwards")),
    packageChanges: () => packageChanges(effects, root, PACKAGES_STREAM),
    packageTexts: (offsets) => linesAt(effects.fs, `${root}/${PACKAGES_STREAM}`, offsets),
    manifestHashes: () => packages.manifestHashes(),
  };
}

function ownershipRow(effects: IndexEffects, root: string, path: string): ReturnType<TraceFacts["row"]> {
  const found = ownershipLine(effects, root, path);
  if (found === undefined || found === null) return found;
  return { row: rowOf(found), line: found.line };
}

function rowOf({ header, text }: { readonly header: string; readonly text: string }): Row {
  const cells = text.split(",");
  return Object.fromEntries(header.split(",").map((column, index) => [column, cells[index] ?? ""]));
}
