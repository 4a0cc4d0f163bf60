/** What the index answers in place of the files. */
import type { Row } from "../contracts/index.ts";
import {
  IN_FORCE,
  type IndexEffects,
  KnownPackages,
  linesMentioning,
  type Mention,
  ownershipLine,
} from "../index-db/index.ts";
import { ledgerStreams, PACKAGES_STREAM, type Plane } from "../plane/index.ts";
import type { TraceFacts } from "./facts.ts";

export function indexedFacts(effects: IndexEffects, plane: Plane): TraceFacts {
  const { root } = plane;
  const packages = new KnownPackages(effects, root);
  const streams = ledgerStreams(effects.fs, root);
  return {
    installedIds: () => packages.ids(),
    installed: (id) => packages.heads(id),
    edges: () => packages.edges(),
    edgesFrom: (id) => packages.edgesFrom(id),
    edgesTo: (id) => packages.edgesTo(id),
    governedBy: (id) => packages.governedBy(id),
    below: (folder) => packages.below(folder),
    ownersOfFirst: (folder, count_max) => packages.ownersOfFirst(folder, count_max),
    strays: (folder) => packages.strays(folder),
    ownersOf: (path) => packages.ownersOf(path),
    packagesWith: (digest) => packages.holding(digest),
    packagesOf: (transaction_id) => packages.holding(transaction_id),
    row: (name, key) => (name === "file_ownership" ? ownershipRow(effects, root, key[0] ?? "") : undefined),
    lines: (text) => linesMentioning(effects, root, streams, text),
    packageLines: () => inForce(effects, root),
  };
}

const inForce = (effects: IndexEffects, root: string): Mention[] | undefined =>
  effects.fs.stat(`${root}/${PACKAGES_STREAM}`)?.kind === "file"
    ? linesMentioning(effects, root, [PACKAGES_STREAM], IN_FORCE)
    : undefined;

function ownershipRow(effects: IndexEffects, root: string, path: string): ReturnType<TraceFacts["row"]> {
  const found = ownershipLine(effects, root, path);
  if (found === undefined || found === null) return found;
  const cells = found.text.split(",");
  const row: Row = Object.fromEntries(
    found.header.split(",").map((column, index) => [column, cells[index] ?? ""]),
  );
  return { row, line: found.line };
}
