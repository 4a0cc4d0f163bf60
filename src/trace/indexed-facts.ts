/** What the index answers in place of the files. */
import type { Row } from "../contracts/index.ts";
import {
  type Head,
  IN_FORCE,
  type IndexEffects,
  installedHeads,
  linesMentioning,
  type Mention,
  ownershipLine,
  packagesHolding,
} from "../index-db/index.ts";
import { Fault } from "../kernel/index.ts";
import { ledgerStreams, PACKAGES_STREAM, type Plane } from "../plane/index.ts";
import type { TraceFacts } from "./facts.ts";
import { addTo } from "./lists.ts";

export function indexedFacts(effects: IndexEffects, plane: Plane): TraceFacts {
  const { root } = plane;
  let heads: readonly Head[] | undefined | "unreadable";
  /** Looks once whether receipts changed; a damaged one is left to the files, where it becomes a finding. */
  const installed = (): readonly Head[] | undefined => {
    heads ??= readHeads(effects, root) ?? "unreadable";
    return heads === "unreadable" ? undefined : heads;
  };
  const holding = (text: string): string[] | undefined =>
    installed() === undefined ? undefined : packagesHolding(effects, root, text);
  let by_id: Map<string, Head[]> | undefined;
  const headsOf = (id: string): readonly Head[] | undefined => {
    const all = installed();
    if (all === undefined) return undefined;
    if (by_id === undefined) {
      by_id = new Map();
      for (const head of all) addTo(by_id, head.package_id, head);
    }
    return by_id.get(id) ?? [];
  };
  const streams = ledgerStreams(effects.fs, root);
  return {
    installedIds: () => {
      const all = installed();
      return all === undefined ? undefined : [...new Set(all.map(({ package_id }) => package_id))];
    },
    installed: headsOf,
    edges: () =>
      installed()?.flatMap(({ package_id: from, plane_id, dependencies }) =>
        dependencies.map(({ id: to, range }) => ({ from, plane_id, to, range })),
      ),
    ownersOf: holding,
    packagesWith: holding,
    packagesOf: holding,
    row: (name, key) => (name === "file_ownership" ? ownershipRow(effects, root, key[0] ?? "") : undefined),
    lines: (text) => linesMentioning(effects, root, streams, text),
    packageLines: () => inForce(effects, root),
  };
}

function readHeads(effects: IndexEffects, root: string): Head[] | undefined {
  try {
    return installedHeads(effects, root);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
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
