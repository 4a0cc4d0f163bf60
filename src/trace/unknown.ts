/** What nobody knows: the names nearest to it, and what the ledgers remember of it. */
import type { UnknownTrace } from "../contracts/index.ts";
import { nearest } from "../kernel/index.ts";
import { knownVersions } from "./diff.ts";
import { newestAbout } from "./history.ts";
import type { Sight } from "./sight.ts";

const NEAR_MAX = 5;
/** Longer than any id or path; a longer query has no near match anyone could mean. */
const COMPARED_CHARACTERS_MAX = 512;
const SHOWN_CHARACTERS_MAX = 256;
const COMPARED_COUNT_MAX = 5_000;

/** @param near_codes codes much like it, where it looks like one */
export function traceUnknown(sight: Sight, query: string, near_codes: readonly string[] = []): UnknownTrace {
  const near =
    query.length > COMPARED_CHARACTERS_MAX
      ? []
      : [...near_codes, ...nearMatches(sight, query)].slice(0, NEAR_MAX);
  const is_comparable = query.length >= 4 && query.length <= COMPARED_CHARACTERS_MAX;
  const history = is_comparable ? newestAbout(sight, query, 5) : [];
  const [first] = near;
  return {
    query: query.slice(0, SHOWN_CHARACTERS_MAX),
    message: "Not found",
    near,
    history,
    next_step:
      first !== undefined && /^[\w@%+=:,./-]+$/.test(first)
        ? `Run "trace --explain ${first}".`
        : `Run "trace --inventory" to see what is there.`,
  };
}

function nearMatches(sight: Sight, query: string): string[] {
  const ids = [
    "packages_registry",
    "specs_registry",
    "frameworks_registry",
    "control_plane_registry",
  ] as const;
  const names = new Set(ids.flatMap((name) => [...sight.table(name).keys()]));
  for (const id of sight.installedIds()) names.add(id);
  const [, id = ""] = /^(PKG(?:-[A-Z0-9]+)+)@/i.exec(query) ?? [];
  for (const version of id === "" ? [] : knownVersions(sight, id.toUpperCase()))
    names.add(`${id.toUpperCase()}@${version}`);
  const paths = ownedPaths(sight);
  const tail = `/${query.replace(/^\/+/, "")}`;
  const endings: string[] = [];
  for (const path of paths) if (path.endsWith(tail) && endings.push(path) === NEAR_MAX) break;
  return [
    ...new Set([...endings, ...nearest(query, mostAlike(query, [...names, ...paths]), NEAR_MAX)]),
  ].slice(0, NEAR_MAX);
}

/** From the one pass over the ownership registry that only an unknown subject costs; from the receipts where it says nothing. */
function ownedPaths(sight: Sight): Set<string> {
  const paths = new Set<string>();
  sight.scan("file_ownership", (row) => void paths.add(row.key));
  if (paths.size === 0) for (const path of sight.ownedPaths.keys()) paths.add(path);
  for (const path of sight.launchers.keys()) paths.add(path);
  return paths;
}

/**
 * The texts worth the edit distance of `nearest`: letters in surplus are a lower bound of it, found at a hundredth of its cost.
 * In a plane of a hundred thousand paths that are all alike, only the most alike are compared.
 */
function mostAlike(query: string, texts: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(query.length / 3));
  const wanted = letterCounts(query.toLowerCase());
  const by_surplus: string[][] = Array.from({ length: limit + 1 }, () => []);
  for (const text of texts) {
    if (Math.abs(text.length - query.length) <= limit)
      by_surplus[surplusOf(text.toLowerCase(), wanted, limit)]?.push(text);
  }
  return by_surplus.flat().slice(0, COMPARED_COUNT_MAX);
}

const left = new Int16Array(64);

/** Letters of `text` that `wanted` has not, counted up to one more than `limit`. */
function surplusOf(text: string, wanted: Int16Array, limit: number): number {
  left.set(wanted);
  let surplus = 0;
  for (let i = 0; i < text.length && surplus <= limit; i++) {
    const slot = text.charCodeAt(i) & 63;
    const count = left[slot] ?? 0;
    if (count > 0) left[slot] = count - 1;
    else surplus++;
  }
  return surplus;
}

function letterCounts(text: string): Int16Array {
  const counts = new Int16Array(64);
  for (let i = 0; i < text.length; i++)
    counts[text.charCodeAt(i) & 63] = (counts[text.charCodeAt(i) & 63] ?? 0) + 1;
  return counts;
}
