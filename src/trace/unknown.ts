/** What nobody knows: the names nearest to it, and what the ledgers remember of it. */
import type { UnknownTrace } from "../contracts/index.ts";
import { nearest } from "../kernel/index.ts";
import { knownVersions } from "./diff.ts";
import { newestAbout } from "./history.ts";
import { mostAlike } from "./most-alike.ts";
import { nearPaths } from "./near-paths.ts";
import type { Sight } from "./sight.ts";

const NEAR_MAX = 5;
/** Longer than any id or path; a longer query has no near match anyone could mean. */
const COMPARED_CHARACTERS_MAX = 512;
const SHOWN_CHARACTERS_MAX = 256;

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
  const { endings, alike } = nearPaths(sight, query);
  const nearby = nearest(query, mostAlike(query, [...names, ...alike]), NEAR_MAX);
  return [...new Set([...endings, ...nearby])].slice(0, NEAR_MAX);
}
